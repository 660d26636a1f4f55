using JustRunIt.Events.Messaging;

namespace JustRunIt.Events.Sealing;

/// <summary>How far a log is sealed.</summary>
/// <param name="Last">The last checkpoint; null before the first.</param>
public sealed record SealState(CheckpointSigned? Last) : IState<SealState>
{
    /// <inheritdoc />
    public static SealState Initial { get; } = new((CheckpointSigned?)null);

    /// <inheritdoc />
    public static SealState Evolve(SealState state, IDomainEvent @event) => @event switch
    {
        CheckpointSigned signed => new(signed),
        _ => throw new UnknownEventException(typeof(SealState), @event),
    };
}
