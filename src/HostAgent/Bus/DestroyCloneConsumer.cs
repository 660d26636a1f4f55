using JustRunIt.Events.Hosts;
using JustRunIt.HostAgent.Machines;
using MassTransit;

namespace JustRunIt.HostAgent.Bus;

/// <summary>Destroys a clone; never anything that is on-line.</summary>
internal sealed class DestroyCloneConsumer(VmHost host) : IConsumer<DestroyClone>
{
    public Task Consume(ConsumeContext<DestroyClone> context) =>
        host.List().Any(vm => vm.Name == context.Message.CloneName && vm.Origin is not null)
            ? host.StopAsync(context.Message.CloneName, context.CancellationToken)
            : Task.CompletedTask;
}
