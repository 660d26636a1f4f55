using JustRunIt.Events.Placement;
using MassTransit;

namespace JustRunIt.ProxyNode.Bus;

/// <summary>Placement has ordered a move: the agent that it goes to is believed when it says that the virtual machine has come.</summary>
internal sealed class MigrationStartedConsumer(VmPlaces places) : IConsumer<MigrationStarted>
{
    public Task Consume(ConsumeContext<MigrationStarted> context)
    {
        places.Order(context.Message);
        return Task.CompletedTask;
    }
}
