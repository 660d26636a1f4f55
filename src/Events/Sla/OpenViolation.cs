namespace JustRunIt.Events.Sla;

/// <summary>A violation that its source has not called restored.</summary>
/// <param name="Since">Start of its first window (UTC).</param>
/// <param name="Value">The metric at the last word of it, in its unit.</param>
public sealed record OpenViolation(DateTimeOffset Since, double Value);
