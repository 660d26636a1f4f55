using JustRunIt.Events.Hosts;
using JustRunIt.HostAgent.Hypervisors;
using MassTransit;

namespace JustRunIt.HostAgent.Bus;

/// <summary>Destroys a clone; never anything that is on-line.</summary>
internal sealed class DestroyCloneConsumer(IHypervisor hypervisor) : IConsumer<DestroyClone>
{
    public Task Consume(ConsumeContext<DestroyClone> context) =>
        hypervisor.List().Any(vm => vm.Name == context.Message.CloneName && vm.Origin is not null)
            ? hypervisor.StopAsync(context.Message.CloneName, context.CancellationToken)
            : Task.CompletedTask;
}
