using JustRunIt.Events.Placement;
using static JustRunIt.Events.Telling.Sentences;

namespace JustRunIt.Events.Telling;

/// <summary>A data centre as lines: each machine, who runs there with what, and what is under way.</summary>
internal static class DataCenterTable
{
    public static IReadOnlyList<string> Of(PlacementState state)
    {
        var inventory = state.Inventory;
        var lines = new List<string>();
        foreach (var machine in inventory.Machines.Values)
        {
            var away = inventory.Away.TryGetValue(machine.Machine, out var since) ? $", away since {At(since)}" : "";
            lines.Add($"{machine.Machine} ({$"{machine.Role}".ToLowerInvariant()} of {machine.Agent}, {machine.Capacity}{away})");
            lines.AddRange(inventory.Vms.Values.Where(vm => vm.Machine == machine.Machine).Select(vm =>
                $"  {vm.Vm} of {vm.Service}/{vm.Tier} with {vm.Allocation}{(vm.Pinned ? ", pinned" : "")}"));
        }

        lines.AddRange(inventory.Vms.Values.Where(vm => !inventory.Machines.ContainsKey(vm.Machine)).Select(vm =>
            $"{vm.Vm} of {vm.Service}/{vm.Tier} with {vm.Allocation} on {vm.Machine}, which is not known"));
        if (lines.Count == 0)
            lines.Add("no machine is known");
        if (state is { InProgress: { } placement })
        {
            var whose = state.Deciding is { } deciding ? $" for {deciding.Service}/{deciding.Tier}" : "";
            lines.Add(Say($"a placement{whose} is being carried out: {state.StepsDone} of {placement.Steps.Count} steps are done"));
        }

        return lines;
    }
}
