using JustRunIt.Events.Hosts;
using JustRunIt.HostAgent.Configuration;
using JustRunIt.HostAgent.Machines;
using MassTransit;

namespace JustRunIt.HostAgent.Bus;

/// <summary>Tells an operator what runs here.</summary>
internal sealed class HostsAskedConsumer(VmHost host, AgentSettings settings, ChosenBackEnd chosen) : IConsumer<HostsAsked>
{
    public Task Consume(ConsumeContext<HostsAsked> context) => context.Publish(new HostReported(
        context.Message.RequestId,
        settings.DataCenter,
        settings.Agent,
        host.BackEndName,
        settings.Simulated,
        [.. settings.Machines.Select(Allocations.Machine)],
        [.. host.List().Select(Allocations.Vm)],
        chosen.BackEnd.Clones,
        chosen.Why,
        [.. host.Quarantined.Select(Allocations.Unknown)]));
}
