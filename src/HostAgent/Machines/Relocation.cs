using JustRunIt.Events.Messaging;
using JustRunIt.HostAgent.BackEnds;

namespace JustRunIt.HostAgent.Machines;

/// <summary>Moves what runs from one machine of the agent to another: its processes change their control group, and run on.</summary>
internal sealed class Relocation(
    HostParts parts, VmGroups groups, RunningVms running, Admission admission, IBackEnd backEnd, Troubles troubles)
{
    /// <summary>Moves one. When it is there already, nothing happens.</summary>
    /// <exception cref="HostException">It cannot be moved, and runs where it was.</exception>
    public async Task MoveAsync(string vm, string to, CancellationToken cancellation, IAnsweredCommand? command = null)
    {
        using var change = await groups.ChangeAsync(cancellation);
        var present = running.Present(vm);
        if (present.Machine == to)
            return;
        Expiry.Check(command, parts.Clock);
        if (parts.Groups.HasOwnGroups(VmGroups.Of(present)))
            throw new HostException($"{vm} has made control groups of its own, which cannot move with its processes");
        using var admitted = admission.Admit(to, vm, present.Cpu, present.Memory);
        var moved = present with { Machine = to };
        try
        {
            // Noted first: after a kill the next start finishes what was begun, whichever of the processes have moved.
            running.Put(present with { MovingTo = to });
            Tell(vm, "noted");
            groups.Create(moved, present.Cpu, backEnd.GroupMemory(moved));
            if (present.Cores is { } cores)
                parts.Groups.SetCores(VmGroups.Of(moved), cores);
            parts.Groups.MoveProcesses(VmGroups.Of(present), VmGroups.Of(moved));
            Tell(vm, "moved");
            running.Put(moved);
            Tell(vm, "recorded");
        }
        catch (Exception e)
        {
            troubles.Try(vm, () =>
            {
                parts.Groups.MoveProcesses(VmGroups.Of(moved), VmGroups.Of(present));
                parts.Groups.Remove(VmGroups.Of(moved));
                running.Note(present);
            });
            throw HostException.Of(e);
        }

        troubles.Try($"{vm}, which moved to {to}", () => parts.Groups.Remove(VmGroups.Of(present)));
    }

    private void Tell(string vm, string phase) => parts.Progress?.Report(new Phase(vm, phase));
}
