namespace JustRunIt.Events.Sla;

/// <summary>A whole window of response times.</summary>
/// <param name="From">Start (UTC).</param>
/// <param name="To">End, exclusive (UTC).</param>
/// <param name="Requests">Requests answered.</param>
/// <param name="Mean">Mean response time; zero without requests.</param>
/// <param name="Source">Who measured.</param>
public sealed record ClosedWindow(DateTimeOffset From, DateTimeOffset To, long Requests, TimeSpan Mean, string Source);
