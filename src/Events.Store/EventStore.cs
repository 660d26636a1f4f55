using JustRunIt.Events.Messaging;
using Marten;

namespace JustRunIt.Events.Store;

/// <summary>Loads histories and appends decisions: the only way by which a service changes anything.</summary>
public sealed class EventStore(IDocumentStore store)
{
    /// <summary>Begins a unit of work for one message; everything appended in it is committed together or not at all.</summary>
    public UnitOfWork Begin(Cause cause)
    {
        ArgumentNullException.ThrowIfNull(cause);
        var session = store.LightweightSession();
        session.CausationId = cause.MessageId.ToString();
        session.CorrelationId = cause.CorrelationId.ToString();
        return new UnitOfWork(session, cause);
    }

    /// <summary>Loads a stream's history outside of a unit of work, to look at.</summary>
    public async Task<History<TState>> LoadAsync<TState>(string stream, CancellationToken cancellation)
        where TState : IState<TState>
    {
        await using var session = store.QuerySession();
        return await UnitOfWork.LoadAsync<TState>(session, stream, cancellation).ConfigureAwait(false);
    }
}
