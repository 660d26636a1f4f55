using JustRunIt.Events.Resources;

namespace JustRunIt.Events.Sla;

/// <summary>A whole window as one source saw it.</summary>
/// <param name="From">Start (UTC).</param>
/// <param name="To">End, exclusive (UTC).</param>
/// <param name="Requests">Requests answered.</param>
/// <param name="Metrics">What was measured over it; nothing without requests.</param>
/// <param name="Source">Who measured.</param>
/// <param name="External">Whether that is an external monitor.</param>
public sealed record ClosedWindow(
    DateTimeOffset From, DateTimeOffset To, long Requests, Measurement Metrics, string Source, bool External);
