using JustRunIt.Events.Messaging;

namespace JustRunIt.Events.Explorations;

/// <summary>The explorations of a service: at most one is active.</summary>
/// <param name="Active">The active one; null when none is.</param>
/// <param name="LastEndedAt">When the last one ended (UTC); null when none has.</param>
public sealed record ExplorationsState(ExplorationStarted? Active, DateTimeOffset? LastEndedAt) : IState<ExplorationsState>
{
    /// <inheritdoc />
    public static ExplorationsState Initial { get; } = new(null, null);

    /// <inheritdoc />
    public static ExplorationsState Evolve(ExplorationsState state, IDomainEvent @event) => @event switch
    {
        ExplorationStarted started => new(started, state.LastEndedAt),
        ExplorationCompleted completed => new(null, completed.At),
        _ => throw new UnknownEventException(typeof(ExplorationsState), @event),
    };
}
