namespace JustRunIt.Events.Messaging;

/// <summary>A state that is folded from the events of one stream.</summary>
/// <typeparam name="TSelf">The state itself.</typeparam>
public interface IState<TSelf>
    where TSelf : IState<TSelf>
{
    /// <summary>The state of a stream without events.</summary>
    static abstract TSelf Initial { get; }

    /// <summary>
    /// Counts the changes of <see cref="Evolve"/> that give another state from the same events, from 1: snapshots that were folded by
    /// older rules are not used.
    /// </summary>
    static virtual int Fold => 1;

    /// <summary>The state after one more event.</summary>
    /// <exception cref="UnknownEventException">The event is not one of this stream's.</exception>
    static abstract TSelf Evolve(TSelf state, IDomainEvent @event);
}
