using JustRunIt.Events.Hosts;
using JustRunIt.HostAgent.Configuration;
using JustRunIt.HostAgent.Machines;
using MassTransit;
using Microsoft.Extensions.Logging;

namespace JustRunIt.HostAgent.Bus;

/// <summary>Caps what runs.</summary>
internal sealed class SetAllocationConsumer(VmHost host, AgentSettings settings, ILogger<SetAllocationConsumer> logger)
    : IConsumer<SetAllocation>
{
    public async Task Consume(ConsumeContext<SetAllocation> context)
    {
        var command = context.Message;
        var wanted = Allocations.Wanted(command);
        VmAllocation set;
        try
        {
            set = await host.AllocateAsync(command.Vm, wanted, context.CancellationToken);
        }
        catch (Exception e) when (Answer.Is(e))
        {
            var reason = Answer.Reason(e, logger);
            AgentLog.NotAllocated(logger, command.Vm, wanted.ToString(), reason);
            var notRunning = e is HostException { NotRunning: true };
            await context.Publish(
                new AllocationRefused(command.Subject, command.RequestId, settings.Agent, command.Vm, notRunning, reason));
            return;
        }

        AgentLog.Allocated(logger, command.Vm, set.ToString());
        await context.Publish(Allocations.Set(command, settings, set));
    }
}
