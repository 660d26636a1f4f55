using JustRunIt.Events.Quantities;

namespace JustRunIt.Events.Placement.Packing;

/// <summary>A bin: a machine and what it has.</summary>
/// <param name="Name">Unique.</param>
/// <param name="Cpu">Capacity in its own cores.</param>
/// <param name="Memory">Capacity.</param>
public sealed record Machine(string Name, CpuShare Cpu, MemorySize Memory);
