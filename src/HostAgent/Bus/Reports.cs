using JustRunIt.Events.Hosts;
using JustRunIt.HostAgent.Configuration;
using JustRunIt.HostAgent.Machines;

namespace JustRunIt.HostAgent.Bus;

/// <summary>What the agent says of what runs.</summary>
internal static class Reports
{
    /// <summary>An on-line virtual machine has moved here.</summary>
    public static VmMigrated Migrated(AgentSettings settings, string subject, Guid request, RunningVm vm, TimeSpan took) =>
        new(subject, request, settings.Agent, vm.Name, vm.Machine, took, vm.Endpoint, vm.Moves);

    /// <summary>Something ended without having been told to.</summary>
    public static VmExited Exited(AgentSettings settings, RunningVm vm, string reason) =>
        new(
            settings.Agent,
            vm.Name,
            vm.Origin?.Command.Subject,
            reason,
            settings.DataCenter,
            vm.Origin is null ? vm.Start.RequestId : null);
}
