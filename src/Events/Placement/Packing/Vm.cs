using JustRunIt.Events.Quantities;

namespace JustRunIt.Events.Placement.Packing;

/// <summary>An object to pack: a virtual machine and what it needs.</summary>
/// <param name="Name">Unique.</param>
/// <param name="Service">Its service.</param>
/// <param name="Tier">Its tier.</param>
/// <param name="Cpu">Share that it is to have.</param>
/// <param name="Memory">Memory that it is to have.</param>
/// <param name="CurrentMachine">Where it runs; the name of a machine of the problem.</param>
/// <param name="Pinned">True when it must stay there.</param>
public sealed record Vm(
    string Name,
    string Service,
    string Tier,
    CpuShare Cpu,
    MemorySize Memory,
    string CurrentMachine,
    bool Pinned);
