using System.Diagnostics;
using JustRunIt.Events.Hosts;
using JustRunIt.HostAgent.Configuration;
using JustRunIt.HostAgent.Machines;
using JustRunIt.HostAgent.Moving;
using MassTransit;
using Microsoft.Extensions.Logging;

namespace JustRunIt.HostAgent.Bus;

/// <summary>Moves an on-line virtual machine: to another machine of this agent, or to another agent, which then answers.</summary>
internal sealed class MigrateVmConsumer(VmHost host, AgentSettings settings, Departure departure, ILogger<MigrateVmConsumer> logger)
    : IConsumer<MigrateVm>
{
    public async Task Consume(ConsumeContext<MigrateVm> context)
    {
        var command = context.Message;
        var begin = Stopwatch.GetTimestamp();
        RunningVm vm;
        try
        {
            if (command.ToAgent is { } other && other != settings.Agent)
            {
                await departure.SendAsync(command, other, context, context.CancellationToken);
                return;
            }

            await host.MigrateAsync(command.Vm, command.To, context.CancellationToken);
            vm = host.List().FirstOrDefault(present => present.Name == command.Vm)
                ?? throw new HostException($"{command.Vm} has ended");
        }
        catch (Exception e) when (Answer.Is(e))
        {
            var reason = Answer.Reason(e, logger);
            AgentLog.NotMoved(logger, command.Vm, command.To, reason);
            await context.Publish(new VmMigrationFailed(command.Subject, command.RequestId, settings.Agent, command.Vm, reason));
            return;
        }

        var took = Stopwatch.GetElapsedTime(begin);
        AgentLog.Moved(logger, vm.Name, vm.Machine, took.TotalMilliseconds);
        await context.Publish(Reports.Migrated(settings, command.Subject, command.RequestId, vm, took));
    }
}
