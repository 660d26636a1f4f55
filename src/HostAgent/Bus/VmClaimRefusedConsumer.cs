using JustRunIt.Events.DataCenters;
using JustRunIt.HostAgent.Configuration;
using MassTransit;
using Microsoft.Extensions.Logging;

namespace JustRunIt.HostAgent.Bus;

/// <summary>Says in the log that a server's name is another agent's, and goes on: what runs here runs on.</summary>
internal sealed class VmClaimRefusedConsumer(AgentSettings settings, ILogger<VmClaimRefusedConsumer> logger) : IConsumer<VmClaimRefused>
{
    public Task Consume(ConsumeContext<VmClaimRefused> context)
    {
        if (context.Message.Agent == settings.Agent && context.Message.DataCenter == settings.DataCenter)
            AgentLog.ClaimRefused(logger, context.Message.Reason);
        return Task.CompletedTask;
    }
}
