using JustRunIt.Events.Resources;

namespace JustRunIt.Events.Placement.Packing;

/// <summary>A bin: a machine and what it has.</summary>
/// <param name="Name">Unique.</param>
/// <param name="Capacity">What it has; a resource that is not named is without limit.</param>
public sealed record Machine(string Name, Allocation Capacity);
