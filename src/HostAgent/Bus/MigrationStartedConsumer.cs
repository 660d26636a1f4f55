using JustRunIt.Events.Placement;
using JustRunIt.HostAgent.Moving;
using MassTransit;

namespace JustRunIt.HostAgent.Bus;

/// <summary>Placement has ordered a move: where it comes here, the agent that it leaves may ask for it.</summary>
internal sealed class MigrationStartedConsumer(MoveOrders orders) : IConsumer<MigrationStarted>
{
    public Task Consume(ConsumeContext<MigrationStarted> context)
    {
        orders.Hear(context.Message);
        return Task.CompletedTask;
    }
}
