using JustRunIt.Events.Hosts;
using JustRunIt.HostAgent.Configuration;
using JustRunIt.HostAgent.Machines;
using MassTransit;
using Microsoft.Extensions.Logging;

namespace JustRunIt.HostAgent.Bus;

/// <summary>Caps what runs.</summary>
internal sealed class SetAllocationConsumer(VmHost host, AgentSettings settings, CommandDesk desk, ILogger<SetAllocationConsumer> logger)
    : IConsumer<SetAllocation>
{
    public Task Consume(ConsumeContext<SetAllocation> context)
    {
        var command = context.Message;
        return desk.AnswerAsync(
            context,
            async () =>
            {
                var set = await host.AllocateAsync(command.Vm, Allocations.Wanted(command), context.CancellationToken, command);
                AgentLog.Allocated(logger, command.Vm, set.ToString());
                return Allocations.Set(command, settings, set);
            },
            e =>
            {
                var reason = Answer.Reason(e, logger);
                AgentLog.NotAllocated(logger, command.Vm, command.Allocation.ToString(), reason);
                return reason;
            },
            (e, reason) => new AllocationRefused(
                command.Subject, command.RequestId, settings.Agent, command.Vm, e is HostException { NotRunning: true }, reason));
    }
}
