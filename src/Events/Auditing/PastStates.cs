using System.Globalization;
using JustRunIt.Events.Deciding;
using JustRunIt.Events.Messaging;

namespace JustRunIt.Events.Auditing;

/// <summary>
/// States of streams at past versions. Those that were asked for move on with the events that come by, and their last versions are kept,
/// so that an audit in the order of a store reads next to nothing twice. Memory is bounded: what was asked for longest ago is forgotten,
/// and folded anew when it is asked for again.
/// </summary>
internal sealed class PastStates(IHistory history, int mostStreams = 5_000)
{
    private Dictionary<string, Dictionary<Type, PastState>> lately = new(StringComparer.Ordinal);
    private Dictionary<string, Dictionary<Type, PastState>> before = new(StringComparer.Ordinal);

    /// <summary>A state at a version; null when it must be read.</summary>
    public Versioned<TState>? Find<TState>(string stream, long version)
        where TState : class, IState<TState>
    {
        // Of a stream that begins now, nothing need ever be read: it moves on with what comes by.
        var known = Of<TState>(stream, isMade: version == 0)?.Find(version);
        return known ?? (version == 0 ? new Versioned<TState>(TState.Initial, 0) : null);
    }

    /// <summary>A state at a version, read as far as it must be.</summary>
    /// <exception cref="HistoryBrokenException">The stream has not so many events, or one of them is missing.</exception>
    /// <exception cref="UnreadableException">The stream holds an event that this program does not know.</exception>
    public async ValueTask<Versioned<TState>> LoadAsync<TState>(string stream, long version, CancellationToken cancellation)
        where TState : class, IState<TState>
    {
        if (Find<TState>(stream, version) is { } known)
            return known;
        var state = Of<TState>(stream, isMade: true)!;
        // Older than what is kept: folded from the start, and not kept.
        if (version < state.Last.Version)
            state = new PastState<TState>();
        await foreach (var e in history.ReadAsync(stream, state.Last.Version, version, cancellation).ConfigureAwait(false))
        {
            if (e.Version != state.Last.Version + 1)
                throw Lacks(state.Last.Version + 1);
            state.Fold(Unreadable.Read(e));
        }

        return state.Last.Version == version ? state.Last : throw Lacks(state.Last.Version + 1);

        HistoryBrokenException Lacks(long missing) => new(string.Create(
            CultureInfo.InvariantCulture, $"{stream} lacks event {missing}; the decision read it at version {version}"));
    }

    /// <summary>An event comes by.</summary>
    public void Add(PastEvent e)
    {
        if (!lately.TryGetValue(e.Stream, out var states) && !before.TryGetValue(e.Stream, out states))
            return;
        IDomainEvent? read = null;
        foreach (var state in states.Values.Where(state => state.LastVersion == e.Version - 1))
        {
            try
            {
                state.Fold(read ??= Unreadable.Read(e));
            }
            catch (Exception x) when (x is UnreadableException || Unreadable.Is(x))
            {
                // Nothing that stands in a store may end the audit. Whoever asks for the state reads the event again, and is told then.
                return;
            }
        }
    }

    private PastState<TState>? Of<TState>(string stream, bool isMade)
        where TState : class, IState<TState>
    {
        if (!lately.TryGetValue(stream, out var states))
        {
            if (!before.Remove(stream, out states) && !isMade)
                return null;
            if (lately.Count >= mostStreams)
                (before, lately) = (lately, new Dictionary<string, Dictionary<Type, PastState>>(StringComparer.Ordinal));
            lately[stream] = states ??= [];
        }

        if (states.TryGetValue(typeof(TState), out var state))
            return (PastState<TState>)state;
        if (!isMade)
            return null;
        var made = new PastState<TState>();
        states[typeof(TState)] = made;
        return made;
    }

    private abstract class PastState
    {
        public abstract long LastVersion { get; }

        public abstract void Fold(IDomainEvent @event);
    }

    /// <summary>The last versions of a state, one after another without a gap.</summary>
    private sealed class PastState<TState> : PastState
        where TState : class, IState<TState>
    {
        /// <summary>Whoever decides has read a moment before, and others may have appended since.</summary>
        private const int Kept = 64;

        private readonly List<Versioned<TState>> versions = [new Versioned<TState>(TState.Initial, 0)];

        public Versioned<TState> Last => versions[^1];

        public override long LastVersion => Last.Version;

        public Versioned<TState>? Find(long version)
        {
            var index = version - versions[0].Version;
            return index >= 0 && index < versions.Count ? versions[(int)index] : null;
        }

        public override void Fold(IDomainEvent @event)
        {
            versions.Add(new Versioned<TState>(TState.Evolve(Last.State, @event), Last.Version + 1));
            if (versions.Count >= 2 * Kept)
                versions.RemoveRange(0, versions.Count - Kept);
        }
    }
}
