using JustRunIt.HostAgent.BackEnds;

namespace JustRunIt.HostAgent.Machines;

/// <summary>Removes a virtual machine with all that was made for it.</summary>
internal sealed class VmRemoval(HostParts parts, VmGroups groups, IBackEnd backEnd)
{
    /// <summary>Removes one. What is gone is no error.</summary>
    public async Task RemoveAsync(RunningVm vm)
    {
        await groups.EndAsync(VmGroups.Of(vm));
        if (vm.Frequency is not null)
            parts.Frequencies.Restore(vm.Cores ?? parts.Groups.Cores);
        await backEnd.RemoveRestAsync(vm);
    }
}
