namespace JustRunIt.Client.Observing;

/// <summary>A message as an outsider sees it.</summary>
/// <param name="SeenAt">When it reached us (UTC).</param>
/// <param name="Message">A contract of <c>src/Events</c>.</param>
public sealed record Observed(DateTimeOffset SeenAt, object Message);
