using System.Diagnostics;
using JustRunIt.Events.Hosts;
using JustRunIt.HostAgent.Configuration;
using JustRunIt.HostAgent.Hypervisors;
using MassTransit;

namespace JustRunIt.HostAgent.Bus;

/// <summary>Moves an on-line virtual machine.</summary>
internal sealed class MigrateVmConsumer(IHypervisor hypervisor, AgentSettings settings) : IConsumer<MigrateVm>
{
    public async Task Consume(ConsumeContext<MigrateVm> context)
    {
        var command = context.Message;
        var begin = Stopwatch.GetTimestamp();
        try
        {
            await hypervisor.MigrateAsync(command.Vm, command.To, context.CancellationToken);
            await context.Publish(new VmMigrated(
                command.Subject, command.RequestId, settings.Agent, command.Vm, command.To, Stopwatch.GetElapsedTime(begin)));
        }
        catch (HypervisorException e)
        {
            await context.Publish(new VmMigrationFailed(command.Subject, command.RequestId, settings.Agent, command.Vm, e.Message));
        }
    }
}
