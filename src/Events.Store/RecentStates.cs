using JustRunIt.Events.Deciding;
using JustRunIt.Events.Messaging;

namespace JustRunIt.Events.Store;

/// <summary>
/// The states that a process has folded lately: a stream that is decided on again and again is not read from its snapshot each time. So
/// many at most; those that were not asked for longest go first, in two generations.
/// </summary>
internal sealed class RecentStates
{
    private const int MostOfGeneration = 1_000;

    private readonly Lock gate = new();
    private Dictionary<(string Stream, Type State), object> young = [];
    private Dictionary<(string Stream, Type State), object> old = [];

    /// <summary>What was kept of a stream; null when nothing is.</summary>
    public Recent<TState>? Find<TState>(string stream)
        where TState : class, IState<TState>
    {
        lock (gate)
        {
            if (young.TryGetValue((stream, typeof(TState)), out var kept))
                return (Recent<TState>)kept;
            if (!old.TryGetValue((stream, typeof(TState)), out kept))
                return null;
            Put((stream, typeof(TState)), kept);
            return (Recent<TState>)kept;
        }
    }

    /// <summary>Keeps a state, in the place of the one before.</summary>
    public void Keep<TState>(string stream, Recent<TState> recent)
        where TState : class, IState<TState>
    {
        lock (gate)
            Put((stream, typeof(TState)), recent);
    }

    private void Put((string Stream, Type State) key, object kept)
    {
        if (young.Count >= MostOfGeneration && !young.ContainsKey(key))
            (old, young) = (young, []);
        young[key] = kept;
    }

    /// <summary>A state that was folded.</summary>
    /// <param name="Read">The state, and its version.</param>
    /// <param name="Last">Id of the event of that version, by which it is known that the stream is still the same.</param>
    /// <param name="Snapshot">Version of the last snapshot that was read or taken; 0 when none was.</param>
    internal sealed record Recent<TState>(Versioned<TState> Read, Guid Last, long Snapshot)
        where TState : class, IState<TState>;
}
