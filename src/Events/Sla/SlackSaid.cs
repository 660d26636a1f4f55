namespace JustRunIt.Events.Sla;

/// <summary>What was last said of slack that stays.</summary>
/// <param name="At">End of the window of which it was said (UTC).</param>
/// <param name="Value">The metric then, in its unit.</param>
/// <param name="Pause">How long nothing is said of it again while nothing changes.</param>
/// <param name="AtMost">
/// The bound of the agreement of which it was said, in the metric's unit: slack under another one is news. Null where an older program
/// said it.
/// </param>
public sealed record SlackSaid(DateTimeOffset At, double Value, TimeSpan Pause, double? AtMost = null);
