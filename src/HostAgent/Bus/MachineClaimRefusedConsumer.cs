using JustRunIt.Events.DataCenters;
using JustRunIt.HostAgent.Configuration;
using MassTransit;
using Microsoft.Extensions.Logging;

namespace JustRunIt.HostAgent.Bus;

/// <summary>Says in the log that a machine's name is another agent's, and goes on: nothing will be placed here under that name.</summary>
internal sealed class MachineClaimRefusedConsumer(AgentSettings settings, ILogger<MachineClaimRefusedConsumer> logger)
    : IConsumer<MachineClaimRefused>
{
    public Task Consume(ConsumeContext<MachineClaimRefused> context)
    {
        if (context.Message.Agent == settings.Agent && context.Message.DataCenter == settings.DataCenter)
            AgentLog.ClaimRefused(logger, context.Message.Reason);
        return Task.CompletedTask;
    }
}
