namespace JustRunIt.ProxyNode.Bus;

/// <summary>What a host agent says of where a virtual machine is, and whether that is believed.</summary>
/// <param name="Agent">Who says it.</param>
/// <param name="Vm">The virtual machine.</param>
/// <param name="Endpoint">host:port of its server.</param>
/// <param name="Moves">How often it has moved.</param>
/// <param name="Doubt">Why it is not believed; null when it is.</param>
/// <param name="IsOrdered">
/// It is the answer to the newest move that Placement ordered: it counts whatever number an agent has told before.
/// </param>
internal sealed record VmWord(string Agent, string Vm, string Endpoint, int Moves, string? Doubt = null, bool IsOrdered = false);
