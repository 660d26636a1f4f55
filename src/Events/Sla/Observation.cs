namespace JustRunIt.Events.Sla;

/// <summary>What a source saw that led to an exploration.</summary>
/// <param name="Source">Who measured: the proxy node's name, or an external monitor's.</param>
/// <param name="External">Whether that is an external monitor.</param>
/// <param name="Value">The agreed metric over the window, in its unit.</param>
/// <param name="From">Start of the window (UTC).</param>
/// <param name="To">End of the window, exclusive (UTC).</param>
public sealed record Observation(string Source, bool External, double Value, DateTimeOffset From, DateTimeOffset To);
