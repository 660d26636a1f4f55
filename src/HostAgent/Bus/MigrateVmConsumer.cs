using System.Diagnostics;
using JustRunIt.Events.Hosts;
using JustRunIt.HostAgent.Configuration;
using JustRunIt.HostAgent.Hypervisors;
using JustRunIt.HostAgent.Moving;
using MassTransit;
using Microsoft.Extensions.Logging;

namespace JustRunIt.HostAgent.Bus;

/// <summary>Moves an on-line virtual machine: to another machine of this agent, or to another agent, which then answers.</summary>
internal sealed class MigrateVmConsumer(
    IHypervisor hypervisor, AgentSettings settings, Departure departure, ILogger<MigrateVmConsumer> logger) : IConsumer<MigrateVm>
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
                AgentLog.Moved(logger, command.Vm, $"agent {other}", Stopwatch.GetElapsedTime(begin).TotalMilliseconds);
                return;
            }

            await hypervisor.MigrateAsync(command.Vm, command.To, context.CancellationToken);
            var vm = hypervisor.List().First(present => present.Name == command.Vm);
            AgentLog.Moved(logger, vm.Name, vm.Machine, Stopwatch.GetElapsedTime(begin).TotalMilliseconds);
            await context.Publish(Reports.Migrated(settings, command.Subject, command.RequestId, vm, Stopwatch.GetElapsedTime(begin)));
        }
        catch (HypervisorException e)
        {
            AgentLog.NotMoved(logger, command.Vm, command.To, e.Message);
            await context.Publish(new VmMigrationFailed(command.Subject, command.RequestId, settings.Agent, command.Vm, e.Message));
        }
    }
}
