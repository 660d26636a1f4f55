using System.Diagnostics;
using JustRunIt.Events.Hosts;
using JustRunIt.HostAgent.Configuration;
using JustRunIt.HostAgent.Hypervisors;
using JustRunIt.HostAgent.Moving;
using MassTransit;

namespace JustRunIt.HostAgent.Bus;

/// <summary>Moves an on-line virtual machine: to another machine of this agent, or to another agent, which then answers.</summary>
internal sealed class MigrateVmConsumer(IHypervisor hypervisor, AgentSettings settings, Departure departure) : IConsumer<MigrateVm>
{
    public async Task Consume(ConsumeContext<MigrateVm> context)
    {
        var command = context.Message;
        var begin = Stopwatch.GetTimestamp();
        try
        {
            if (command.ToAgent is { } other && other != settings.Agent)
            {
                await departure.SendAsync(command, other, context, context.CancellationToken);
                return;
            }

            await hypervisor.MigrateAsync(command.Vm, command.To, context.CancellationToken);
            var vm = hypervisor.List().First(present => present.Name == command.Vm);
            await context.Publish(Reports.Migrated(settings, command.Subject, command.RequestId, vm, Stopwatch.GetElapsedTime(begin)));
        }
        catch (HypervisorException e)
        {
            await context.Publish(new VmMigrationFailed(command.Subject, command.RequestId, settings.Agent, command.Vm, e.Message));
        }
    }
}
