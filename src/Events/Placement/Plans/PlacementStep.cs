using JustRunIt.Events.Resources;

namespace JustRunIt.Events.Placement.Plans;

/// <summary>One step towards a placement: a migration when <paramref name="To"/> is set, else a new allocation.</summary>
/// <param name="Vm">The virtual machine.</param>
/// <param name="Machine">Where it runs before the step.</param>
/// <param name="To">Where it goes; null for an allocation.</param>
/// <param name="Allocation">What to set; null for a migration.</param>
public sealed record PlacementStep(string Vm, string Machine, string? To, Allocation? Allocation);
