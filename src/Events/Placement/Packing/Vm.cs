using JustRunIt.Events.Resources;

namespace JustRunIt.Events.Placement.Packing;

/// <summary>An object to pack: a virtual machine and what it needs.</summary>
/// <param name="Name">Unique.</param>
/// <param name="Service">Its service.</param>
/// <param name="Tier">Its tier.</param>
/// <param name="Needs">What it is to have.</param>
/// <param name="CurrentMachine">Where it runs; the name of a machine of the problem.</param>
/// <param name="Pinned">True when it must stay there.</param>
public sealed record Vm(string Name, string Service, string Tier, Allocation Needs, string CurrentMachine, bool Pinned);
