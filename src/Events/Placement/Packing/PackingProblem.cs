using System.Collections.Immutable;
using JustRunIt.Events.Resources;

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
    ulong Seed)
{
    /// <summary>The resources that servers on one machine share, sorted: those are packed.</summary>
    public ImmutableArray<string> Resources =>
    [
        .. Machines.SelectMany(machine => machine.Capacity.Resources)
            .Where(ResourceNames.IsShared)
            .Distinct(StringComparer.Ordinal)
            .Order(StringComparer.Ordinal),
    ];

    /// <summary>Amounts of <see cref="Resources"/>: a capacity that is not named is without limit.</summary>
    public static double[] CapacityOf(Machine machine, ImmutableArray<string> resources)
    {
        ArgumentNullException.ThrowIfNull(machine);
        return [.. resources.Select(resource => machine.Capacity[resource] ?? double.PositiveInfinity)];
    }

    /// <summary>Amounts of <see cref="Resources"/>: a need that is not named is none.</summary>
    public static double[] NeedsOf(Vm vm, ImmutableArray<string> resources)
    {
        ArgumentNullException.ThrowIfNull(vm);
        return [.. resources.Select(resource => vm.Needs[resource] ?? 0)];
    }
}
