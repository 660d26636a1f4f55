using System.Collections.Immutable;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Settings;

namespace JustRunIt.Events.Deciding;

/// <summary>What has been read for one decision so far.</summary>
/// <param name="ready">What needs no reading any more; null for nothing.</param>
public sealed class Reading(IReadyReadings? ready = null) : IReading
{
    private readonly Dictionary<string, object> states = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, long> versions = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, int> folds = new(StringComparer.Ordinal);
    private readonly List<(object Asked, object? Answer)> facts = [];

    /// <summary>The version of every stream that was read, also of those that were only looked at.</summary>
    public ImmutableSortedDictionary<string, long> Versions => versions.ToImmutableSortedDictionary(StringComparer.Ordinal);

    /// <summary>The rules by which the states that were read were folded, by the state's name.</summary>
    public ImmutableSortedDictionary<string, int> Folds => folds.ToImmutableSortedDictionary(StringComparer.Ordinal);

    /// <summary>Questions for what is kept beside the streams, with their answers, in the order in which they were asked.</summary>
    public IReadOnlyList<(object Asked, object? Answer)> Facts => facts;

    /// <summary>The policy that was read; null when none was.</summary>
    public Policy? Policy => states.Values.OfType<PolicyState>().SingleOrDefault()?.Current;

    /// <inheritdoc />
    public TState State<TState>(string stream)
        where TState : class, IState<TState>
    {
        if (states.TryGetValue(stream, out var state))
            return (TState)state;
        if (ready?.StateOf<TState>(stream) is not { } read)
            throw new Needed.State<TState>(stream);
        Know(stream, read);
        return read.State;
    }

    /// <inheritdoc />
    public long VersionOf(string stream) => versions[stream];

    /// <inheritdoc />
    public TAnswer Fact<TAnswer>(IFact<TAnswer> asked)
    {
        foreach (var fact in facts)
        {
            if (fact.Asked.Equals(asked))
                return (TAnswer)fact.Answer!;
        }

        object? answer = null;
        if (ready?.TryAnswer(asked, out answer) != true)
            throw new Needed.Fact<TAnswer>(asked);
        Know(asked, answer);
        return (TAnswer)answer!;
    }

    internal void Know<TState>(string stream, Versioned<TState> read)
        where TState : class, IState<TState>
    {
        states[stream] = read.State;
        versions[stream] = read.Version;
        folds[typeof(TState).Name] = TState.Fold;
    }

    internal void Know(object asked, object? answer) => facts.Add((asked, answer));
}
