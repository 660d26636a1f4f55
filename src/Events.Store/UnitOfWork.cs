using JustRunIt.Events.Messaging;
using JustRunIt.Events.Store.Timers;
using Marten;

namespace JustRunIt.Events.Store;

/// <summary>
/// One message's load, decide, append. A stream that has changed since it was loaded makes the commit fail, and the
/// message is handled again from the start.
/// </summary>
public sealed class UnitOfWork : IAsyncDisposable
{
    private readonly Dictionary<string, long> versions = [];

    internal UnitOfWork(IDocumentSession session, Cause cause)
    {
        Session = session;
        Cause = cause;
    }

    /// <summary>The message that is being handled.</summary>
    public Cause Cause { get; }

    /// <summary>The Marten session, for documents kept beside the streams.</summary>
    public IDocumentSession Session { get; }

    /// <summary>Loads a stream's history.</summary>
    public async Task<History<TState>> LoadAsync<TState>(string stream, CancellationToken cancellation)
        where TState : IState<TState>
    {
        var history = await LoadAsync<TState>(Session, stream, cancellation).ConfigureAwait(false);
        versions[stream] = history.Version;
        return history;
    }

    /// <summary>Appends to a stream that was loaded here, at the version that was read, with the timers that follow.</summary>
    /// <exception cref="InvalidOperationException">The stream was not loaded in this unit of work.</exception>
    public void Append(string stream, IEnumerable<IDomainEvent> events)
    {
        var list = events.ToList();
        if (list.Count == 0)
            return;
        if (!versions.TryGetValue(stream, out var version))
            throw new InvalidOperationException($"Stream {stream} was not loaded in this unit of work.");
        if (version == 0)
            Session.Events.StartStream(stream, [.. list]);
        else
            Session.Events.Append(stream, version + list.Count, [.. list]);
        versions[stream] = version + list.Count;
        foreach (var timer in list.SelectMany(Consequences.TimersOf))
            TimerTable.Insert(Session, timer, Cause);
    }

    /// <summary>Commits everything, or nothing.</summary>
    public Task CommitAsync(CancellationToken cancellation) => Session.SaveChangesAsync(cancellation);

    /// <inheritdoc />
    public ValueTask DisposeAsync() => Session.DisposeAsync();

    internal static async Task<History<TState>> LoadAsync<TState>(IQuerySession session, string stream, CancellationToken cancellation)
        where TState : IState<TState>
    {
        var events = await session.Events.FetchStreamAsync(stream, token: cancellation).ConfigureAwait(false);
        return events.Aggregate(
            History<TState>.Empty,
            (history, recorded) => history.Append(
                (IDomainEvent)recorded.Data,
                Guid.TryParse(recorded.CausationId, out var cause) ? cause : null));
    }
}
