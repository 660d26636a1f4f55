using JustRunIt.Events.Messaging;

namespace JustRunIt.Events.Timers;

/// <summary>
/// A time that a stream waits for has come. Timers follow from events (<see cref="Consequences"/>), are kept in the
/// database and are never cancelled: a decider ignores one that no longer matters.
/// </summary>
/// <param name="Stream">The stream that waits.</param>
/// <param name="Kind">What for.</param>
/// <param name="Subject">Which experiment, request or matrix.</param>
/// <param name="DueAt">When it was due (UTC).</param>
[WireName("justrunit.timer-elapsed.v1")]
public sealed record TimerElapsed(string Stream, TimerKind Kind, Guid Subject, DateTimeOffset DueAt) : ICommand;
