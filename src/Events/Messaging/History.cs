using System.Collections.Immutable;

namespace JustRunIt.Events.Messaging;

/// <summary>What a stream says so far: its state, its version, and the causes that have been handled on it.</summary>
/// <param name="State">Folded from all events.</param>
/// <param name="Version">Number of events on the stream; 0 for a stream that does not exist.</param>
/// <param name="HandledCauses">Message ids that led to at least one event of this stream.</param>
/// <typeparam name="TState">The stream's state.</typeparam>
public sealed record History<TState>(TState State, long Version, ImmutableHashSet<Guid> HandledCauses)
    where TState : IState<TState>
{
    /// <summary>A stream without events.</summary>
    public static History<TState> Empty { get; } = new(TState.Initial, 0, []);

    /// <summary>The history after one more event that <paramref name="cause"/> led to.</summary>
    public History<TState> Append(IDomainEvent @event, Guid? cause) =>
        new(TState.Evolve(State, @event), Version + 1, cause is { } id ? HandledCauses.Add(id) : HandledCauses);

    /// <summary>
    /// Decides, unless <paramref name="cause"/> was handled on this stream before: redelivery decides an empty list
    /// (DESIGN §3, idempotence).
    /// </summary>
    public IReadOnlyList<IDomainEvent> Decide(Cause cause, Func<TState, IEnumerable<IDomainEvent>> decide)
    {
        ArgumentNullException.ThrowIfNull(cause);
        ArgumentNullException.ThrowIfNull(decide);
        return HandledCauses.Contains(cause.MessageId) ? [] : [.. decide(State)];
    }
}
