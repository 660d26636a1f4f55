using System.Collections.Immutable;

namespace JustRunIt.Events.Placement.Packing;

/// <summary>The best assignment ever seen (§3.1).</summary>
/// <param name="Feasible">Whether nothing is over capacity and every rule is kept.</param>
/// <param name="WhyInfeasible">What does not fit; null when feasible.</param>
/// <param name="Assignment">Machine of every virtual machine, by name.</param>
/// <param name="MachinesUsed">Machines with at least one virtual machine.</param>
/// <param name="Migrations">Virtual machines that are not where they were.</param>
/// <param name="LowerBound">No assignment can use fewer machines.</param>
public sealed record PackingResult(
    bool Feasible,
    string? WhyInfeasible,
    ImmutableSortedDictionary<string, string> Assignment,
    int MachinesUsed,
    int Migrations,
    int LowerBound);
