using System.Collections.Immutable;

namespace JustRunIt.Events.Placement.Packing;

/// <summary>Resource assignment as bin packing (§3.1).</summary>
/// <param name="Machines">The bins; one or more.</param>
/// <param name="Vms">The objects.</param>
/// <param name="Rules">What may not share a machine.</param>
/// <param name="Seed">Of every random choice: the same problem has the same answer.</param>
public sealed record PackingProblem(
    ImmutableArray<Machine> Machines,
    ImmutableArray<Vm> Vms,
    PackingRules Rules,
    ulong Seed);
