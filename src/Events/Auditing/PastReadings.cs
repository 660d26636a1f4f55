using System.Text.Json;
using System.Text.Json.Nodes;
using JustRunIt.Events.Deciding;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Settings;

namespace JustRunIt.Events.Auditing;

/// <summary>
/// What a decider read once: streams at the versions that its record names, and the recorded answers. There is nothing else.
/// </summary>
internal sealed class PastReadings(DecisionRecord record, PastStates states) : IReadingSource, IReadyReadings
{
    /// <summary>
    /// Whether the decision rests on the program's default policy, and the record does not hold it: then it is today's that is read.
    /// </summary>
    public bool RestsOnDefaults { get; private set; }

    /// <inheritdoc />
    public Versioned<TState>? StateOf<TState>(string stream)
        where TState : class, IState<TState>
    {
        var version = VersionOf(stream);
        return version == 0 && typeof(TState) == typeof(PolicyState)
            ? new Versioned<TState>((TState)(object)Defaults(), 0)
            : states.Find<TState>(stream, version);
    }

    /// <inheritdoc />
    public ValueTask<Versioned<TState>> LoadAsync<TState>(string stream, CancellationToken cancellation)
        where TState : class, IState<TState> => states.LoadAsync<TState>(stream, VersionOf(stream), cancellation);

    /// <inheritdoc />
    public bool TryAnswer(object asked, out object? answer)
    {
        ArgumentNullException.ThrowIfNull(asked);
        var question = JsonSerializer.SerializeToNode(asked, asked.GetType(), Wire.Json);
        var fact = record.Facts.FirstOrDefault(
                fact => fact.Type == asked.GetType().Name && JsonNode.DeepEquals(fact.Asked, question))
            ?? throw new HistoryBrokenException($"the rule asks for {asked}, which the recorded decision did not");
        var kind = asked.GetType().GetInterfaces()
            .Single(type => type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IFact<>)).GenericTypeArguments[0];
        answer = fact.Answer?.Deserialize(kind, Wire.Json);
        return true;
    }

    /// <inheritdoc />
    public ValueTask<TAnswer> AnswerAsync<TAnswer>(IFact<TAnswer> asked, CancellationToken cancellation) =>
        ValueTask.FromResult(TryAnswer(asked, out var answer) ? (TAnswer)answer! : default!);

    private PolicyState Defaults()
    {
        if (record.Policy?.Body is { } body)
            return PolicyState.Initial with { Current = body };
        RestsOnDefaults = true;
        return PolicyState.Initial;
    }

    private long VersionOf(string stream) => record.Streams.TryGetValue(stream, out var version)
        ? version
        : throw new HistoryBrokenException($"the rule reads {stream}, which the recorded decision did not");
}
