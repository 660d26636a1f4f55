using JustRunIt.Events.Messaging;

namespace JustRunIt.Events.Explorations;

/// <summary>The explorations of a service: at most one is active.</summary>
/// <param name="Active">The active one; null when none is.</param>
/// <param name="Last">The last one that was started; null when none was.</param>
/// <param name="LastEndedAt">When the last one ended (UTC); null when none has.</param>
/// <param name="Noted">Why the last one is to be made again once it has ended; null when nothing calls for that.</param>
public sealed record ExplorationsState(
    ExplorationStarted? Active, ExplorationStarted? Last, DateTimeOffset? LastEndedAt, RepetitionNoted? Noted)
    : IState<ExplorationsState>
{
    /// <inheritdoc />
    public static ExplorationsState Initial { get; } = new(null, null, null, null);

    /// <inheritdoc />
    public static ExplorationsState Evolve(ExplorationsState state, IDomainEvent @event)
    {
        ArgumentNullException.ThrowIfNull(state);
        return @event switch
        {
            ExplorationStarted started => state with { Active = started, Last = started, Noted = null },
            RepetitionNoted noted => state with { Noted = noted },
            ExplorationCompleted completed => state with { Active = null, LastEndedAt = completed.At },
            _ => throw new UnknownEventException(typeof(ExplorationsState), @event),
        };
    }
}
