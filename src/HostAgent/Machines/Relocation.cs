using JustRunIt.HostAgent.BackEnds;

namespace JustRunIt.HostAgent.Machines;

/// <summary>Moves what runs from one machine of the agent to another: its processes change their control group, and run on.</summary>
internal sealed class Relocation(
    HostParts parts, VmGroups groups, RunningVms running, Admission admission, IBackEnd backEnd, Troubles troubles)
{
    /// <summary>Moves one. When it is there already, nothing happens.</summary>
    /// <exception cref="HostException">It cannot be moved, and runs where it was.</exception>
    public async Task MoveAsync(string vm, string to, CancellationToken cancellation)
    {
        using var change = await groups.ChangeAsync(cancellation);
        var present = running.Present(vm);
        if (present.Machine == to)
            return;
        admission.Admit(to, vm, present.Cpu);
        var moved = present with { Machine = to };
        try
        {
            groups.Create(moved, present.Cpu, backEnd.GroupMemory(moved));
            if (present.Cores is { } cores)
                parts.Groups.SetCores(VmGroups.Of(moved), cores);
            parts.Groups.MoveProcesses(VmGroups.Of(present), VmGroups.Of(moved));
            running.Put(moved);
        }
        catch (Exception e)
        {
            troubles.Try(vm, () =>
            {
                parts.Groups.MoveProcesses(VmGroups.Of(moved), VmGroups.Of(present));
                parts.Groups.Remove(VmGroups.Of(moved));
            });
            throw HostException.Of(e);
        }

        troubles.Try($"{vm}, which moved to {to}", () => parts.Groups.Remove(VmGroups.Of(present)));
    }
}
