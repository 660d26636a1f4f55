namespace JustRunIt.Events.Sla;

/// <summary>What was last said of slack that stays.</summary>
/// <param name="At">End of the window of which it was said (UTC).</param>
/// <param name="Value">The metric then, in its unit.</param>
/// <param name="Pause">How long nothing is said of it again while nothing changes.</param>
public sealed record SlackSaid(DateTimeOffset At, double Value, TimeSpan Pause);
