namespace JustRunIt.Events.Hosts;

/// <summary>Power over one interval, as one virtual machine saw it.</summary>
/// <param name="From">Start (UTC).</param>
/// <param name="To">End (UTC).</param>
/// <param name="Power">Mean over the interval.</param>
public sealed record PowerSample(DateTimeOffset From, DateTimeOffset To, PowerDrawn Power);
