using JustRunIt.HostAgent.Configuration;
using JustRunIt.HostAgent.ControlGroups;

namespace JustRunIt.HostAgent.Machines;

/// <summary>
/// Brings caps back into force after an agent before this one was killed, at whatever moment: machine and server may have been lifted
/// both, one of them, or half, and the file may give them other caps than they had. Version 1 refuses many orders of the writes
/// that it takes to get from there to what is right, so there is one that no state makes it refuse: the machine is uncapped, what runs
/// there gets its caps, what has no cap that fits is uncapped, and then the machine is capped again.
/// </summary>
internal sealed class CapRecovery(HostParts parts, CapWriter caps, Troubles troubles)
{
    /// <summary>Caps a machine and what runs there. What cannot be capped is told, limited by its machine, and the rest goes on.</summary>
    /// <returns>What runs there, with the caps that are in force.</returns>
    public async Task<IReadOnlyList<RunningVm>> RestoreAsync(MachineSettings machine, IReadOnlyList<RunningVm> vms)
    {
        var group = GroupPath.Of(machine.Name);
        troubles.Try($"machine {machine.Name}", () => parts.Groups.Uncap(group));
        var capped = new List<RunningVm>();
        foreach (var vm in vms)
            capped.Add(await RestoreAsync(machine, vm));
        // What could not be removed, or had no cap to be given, must not keep the machine from having its own.
        foreach (var stray in Children(group).Except(vms.Select(vm => vm.Name)).Select(name => GroupPath.Of(machine.Name, name)))
        {
            troubles.Try($"group {machine.Name}/{stray.Vm}", () =>
            {
                // What is in quarantine is not touched, unless it has more than its machine.
                if (parts.Groups.ReadCpu(stray) > parts.Settings.Real(machine.Cpu))
                    parts.Groups.Uncap(stray);
            });
        }

        await troubles.TryAsync(
            $"machine {machine.Name}: its cap of {machine.Cpu} is not in force", () => caps.SetAsync(group, machine.Cpu));
        return capped;
    }

    private async Task<RunningVm> RestoreAsync(MachineSettings machine, RunningVm vm)
    {
        var cap = vm.Cpu;
        if (cap > machine.Cpu)
        {
            troubles.Tell(vm.Name, $"it had {cap}, and its machine {machine.Name} has {machine.Cpu} now: it is capped at that");
            cap = machine.Cpu;
        }

        if (!await troubles.TryAsync($"{vm.Name}: its cap of {cap} is not in force", () => caps.SetAsync(VmGroups.Of(vm), cap)))
            troubles.Try(vm.Name, () => parts.Groups.Uncap(VmGroups.Of(vm)));
        return vm with { Cpu = cap };
    }

    private IReadOnlyList<string> Children(GroupPath group)
    {
        IReadOnlyList<string> children = [];
        troubles.Try($"machine {group.Machine}", () => children = parts.Groups.Children(group));
        return children;
    }
}
