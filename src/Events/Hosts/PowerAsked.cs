using JustRunIt.Events.Deciding;

namespace JustRunIt.Events.Hosts;

/// <summary>Asks for the mean power that a virtual machine saw over a window; null when too little is known of it.</summary>
/// <param name="DataCenter">The data centre.</param>
/// <param name="Vm">The virtual machine or clone.</param>
/// <param name="From">Start of the window (UTC).</param>
/// <param name="To">End of the window (UTC).</param>
public sealed record PowerAsked(string DataCenter, string Vm, DateTimeOffset From, DateTimeOffset To) : IFact<PowerDrawn?>;
