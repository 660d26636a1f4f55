using JustRunIt.HostAgent.BackEnds;

namespace JustRunIt.HostAgent.Machines;

/// <summary>Removes a virtual machine with all that was made for it.</summary>
internal sealed class VmRemoval(HostParts parts, VmGroups groups, IBackEnd backEnd, VmLogs logs)
{
    /// <summary>Removes one. What is gone is no error.</summary>
    public async Task RemoveAsync(RunningVm vm)
    {
        try
        {
            await groups.EndAsync(VmGroups.Of(vm));
        }
        catch (HostException) when (parts.Groups.Processes(VmGroups.Of(vm)).Count == 0)
        {
            // A group that cannot be removed is told, and tried again by the next start; what else belongs to it goes.
            await RemoveRestAsync(vm);
            throw;
        }

        await RemoveRestAsync(vm);
    }

    private async Task RemoveRestAsync(RunningVm vm)
    {
        if (vm.Frequency is not null)
            parts.Frequencies.Restore(vm.Cores ?? parts.Groups.Cores);
        try
        {
            // Nobody looks after what it has written last.
            logs.Keep(vm.Name, logs.Of(vm.Name));
        }
        catch (Exception e) when (HostException.IsOfTheSystem(e))
        {
            // What is full must not keep anything from being removed.
        }

        await backEnd.RemoveRestAsync(vm);
    }
}
