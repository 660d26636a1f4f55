using JustRunIt.HostAgent.BackEnds;
using JustRunIt.HostAgent.Configuration;
using JustRunIt.HostAgent.ControlGroups;
using JustRunIt.HostAgent.Moving;
using JustRunIt.HostAgent.Processes;
using JustRunIt.Hosting.Configuration;

namespace JustRunIt.HostAgent.Machines;

/// <summary>
/// The start after an agent that ended orderly, or was killed at whatever moment. One server's trouble is that server's: it is told,
/// and the agent starts with the rest.
/// </summary>
internal sealed class VmRecovery(
    BackEndContext context, IBackEnd backEnd, CapRecovery caps, MoveSender sender, MoveReceiver receiver, Troubles troubles)
{
    private HostParts Parts => context.Parts;

    private IReadOnlyList<MachineSettings> Machines => context.Settings.Machines;

    /// <summary>Takes up what runs, destroys clones, removes what nobody knows.</summary>
    /// <returns>The clones destroyed.</returns>
    /// <exception cref="ConfigurationException">What runs is not known, because the file that should tell cannot be read.</exception>
    public async Task<IReadOnlyList<RunningVm>> RecoverAsync(CancellationToken cancellation)
    {
        foreach (var machine in Machines)
            troubles.Try($"machine {machine.Name}", () => Parts.Groups.Create(GroupPath.Of(machine.Name)));
        var known = Load();
        var (given, networksGiven) = sender.SettleDepartures(troubles);
        var adopted = known
            .Where(vm => vm.Origin is null && !given.Contains(vm.Name) && ProcessTable.Runs(vm.ProcessId, vm.ProcessStart))
            .ToList();
        await troubles.TryAsync("what an agent before this one began", () => backEnd.SettleAsync(cancellation));
        foreach (var vm in adopted)
        {
            await troubles.TryAsync(vm.Name, () => backEnd.ResumeAsync(vm, cancellation));
            context.Running.Adopt(vm);
        }

        await receiver.SettleArrivalsAsync(adopted);
        foreach (var vm in adopted)
            troubles.Try(vm.Name, () => Gather(vm));
        await EndOrphansAsync();
        await CapAsync(adopted);
        troubles.Try("frequencies", () => Parts.Frequencies.RestoreAllBut(
            adopted.Where(vm => vm.Frequency is not null).SelectMany(vm => vm.Cores ?? Parts.Groups.Cores).ToHashSet()));
        await troubles.TryAsync("what was left behind", () => backEnd.SweepAsync(adopted, troubles));
        await RemoveNetworksAsync([.. adopted.Select(vm => vm.Network).OfType<int>(), .. networksGiven]);
        troubles.Try("state file", context.Running.Save);
        sender.Forget(troubles);
        return [.. known.Where(vm => vm.Origin is not null)];
    }

    /// <summary>What ran. Without a file that tells of it, whatever still runs would pass for what nobody knows, and be ended.</summary>
    private IReadOnlyList<RunningVm> Load()
    {
        var known = Parts.State.Load(out var problem);
        if (problem is null)
            return known;
        var running = Machines.SelectMany(Children)
            .Where(group => Parts.Groups.Processes(group).Count > 0)
            .Select(group => group.Vm)
            .ToList();
        if (running.Count > 0)
        {
            throw new ConfigurationException(
                $"stateFolder: {problem}, and of what runs ({string.Join(", ", running)}) nothing else tells; "
                + "put the file right, or remove it to have all of that ended");
        }

        troubles.Try(
            "state file", () => troubles.Tell("state file", $"{problem}; nothing runs, so it is kept as {Parts.State.SetAside()}"));
        return [];
    }

    private IEnumerable<GroupPath> Children(MachineSettings machine) =>
        Parts.Groups.Children(GroupPath.Of(machine.Name)).Select(name => GroupPath.Of(machine.Name, name));

    /// <summary>
    /// One that was being moved from machine to machine may have its processes in both groups: they belong where it is noted.
    /// </summary>
    private void Gather(RunningVm vm)
    {
        var noted = VmGroups.Of(vm);
        foreach (var other in Machines.SelectMany(Children).Where(group => group.Vm == vm.Name && group != noted))
        {
            if (Parts.Groups.Processes(other).Count == 0)
                continue;
            // Its cap comes with the others'.
            Parts.Groups.Create(noted);
            Parts.Groups.SetMemory(noted, backEnd.GroupMemory(vm));
            Parts.Groups.MoveProcesses(other, noted);
        }
    }

    private async Task EndOrphansAsync()
    {
        foreach (var group in Machines.SelectMany(Children).ToList())
        {
            if (context.Running.Find(group.Vm!)?.Machine != group.Machine)
                await troubles.TryAsync($"group {group.Machine}/{group.Vm}, which nobody knows", () => context.Groups.EndAsync(group));
        }
    }

    private async Task CapAsync(List<RunningVm> adopted)
    {
        foreach (var machine in Machines)
        {
            foreach (var vm in await caps.RestoreAsync(machine, [.. adopted.Where(vm => vm.Machine == machine.Name)]))
                context.Running.Adopt(vm);
        }

        foreach (var vm in adopted.Where(vm => Machines.All(machine => machine.Name != vm.Machine)))
            troubles.Tell(vm.Name, $"it runs on machine {vm.Machine}, which this agent does not manage any more; it keeps the caps it had");
    }

    private async Task RemoveNetworksAsync(IReadOnlyList<int> kept)
    {
        if (context.Settings.Isolation != Isolation.Namespace)
            return;
        IReadOnlyList<int> own = [];
        await troubles.TryAsync("networks", async () => own = await context.Networks.ListAsync());
        foreach (var number in own.Except(kept))
            await troubles.TryAsync($"network {number}", () => context.Networks.DestroyAsync(number));
    }
}
