using JustRunIt.Events.Hosts;
using MassTransit;

namespace JustRunIt.Services.Experimenter;

/// <summary>A host agent has measured power: kept until an experiment asks for it.</summary>
internal sealed class PowerMeasuredConsumer(PowerReadings readings) : IConsumer<PowerMeasured>
{
    public Task Consume(ConsumeContext<PowerMeasured> context) => readings.AddAsync(context.Message, context.CancellationToken);
}
