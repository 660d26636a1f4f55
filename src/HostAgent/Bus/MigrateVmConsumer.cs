using System.Diagnostics;
using JustRunIt.Events.Hosts;
using JustRunIt.HostAgent.Configuration;
using JustRunIt.HostAgent.Machines;
using JustRunIt.HostAgent.Moving;
using MassTransit;
using Microsoft.Extensions.Logging;

namespace JustRunIt.HostAgent.Bus;

/// <summary>Moves an on-line virtual machine: to another machine of this agent, or to another agent, which then answers.</summary>
internal sealed class MigrateVmConsumer(
    VmHost host, AgentSettings settings, Departure departure, CommandDesk desk, ILogger<MigrateVmConsumer> logger) : IConsumer<MigrateVm>
{
    public Task Consume(ConsumeContext<MigrateVm> context)
    {
        var command = context.Message;
        var begin = Stopwatch.GetTimestamp();
        return desk.AnswerAsync(
            context,
            async () =>
            {
                if (command.ToAgent is { } other && other != settings.Agent)
                {
                    await departure.SendAsync(command, other, context, context.CancellationToken);
                    return null;
                }

                await host.MigrateAsync(command.Vm, command.To, context.CancellationToken, command);
                var vm = host.List().FirstOrDefault(present => present.Name == command.Vm)
                    ?? throw new HostException($"{command.Vm} has ended");
                var took = Stopwatch.GetElapsedTime(begin);
                AgentLog.Moved(logger, vm.Name, vm.Machine, took.TotalMilliseconds);
                return Reports.Migrated(settings, command.Subject, command.RequestId, vm, took);
            },
            e =>
            {
                var reason = Answer.Reason(e, logger);
                AgentLog.NotMoved(logger, command.Vm, command.To, reason);
                return reason;
            });
    }
}
