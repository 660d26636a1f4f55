using JustRunIt.Events;
using RabbitMQ.Client;

namespace JustRunIt.Hosting.Messaging;

/// <summary>
/// Declares exchanges and queues as MassTransit declares them: a fanout exchange a message, and for each reader an
/// exchange and a quorum queue of the same name. Declaring what exists changes nothing.
/// </summary>
internal static class Topology
{
    public static async Task DeclareAsync(IChannel channel, CancellationToken cancellation)
    {
        foreach (var entry in Catalog.Entries)
        {
            var exchange = Names.Exchange(entry.Message);
            await DeclareExchangeAsync(channel, exchange, cancellation).ConfigureAwait(false);
            foreach (var consumer in entry.Consumers.Where(consumer => consumer is not (Catalog.HostAgent or Catalog.ProxyNode)))
            {
                var queue = Names.Queue(consumer, entry.Message);
                await DeclareQueueAsync(channel, queue, cancellation).ConfigureAwait(false);
                await channel.ExchangeBindAsync(queue, exchange, "", cancellationToken: cancellation).ConfigureAwait(false);
            }
        }
    }

    public static async Task DeclareQueueAsync(IChannel channel, string queue, CancellationToken cancellation)
    {
        await DeclareExchangeAsync(channel, queue, cancellation).ConfigureAwait(false);
        await channel.QueueDeclareAsync(
            queue,
            durable: true,
            exclusive: false,
            autoDelete: false,
            new Dictionary<string, object?> { ["x-queue-type"] = "quorum" },
            cancellationToken: cancellation).ConfigureAwait(false);
        await channel.QueueBindAsync(queue, queue, "", cancellationToken: cancellation).ConfigureAwait(false);
    }

    private static Task DeclareExchangeAsync(IChannel channel, string exchange, CancellationToken cancellation) =>
        channel.ExchangeDeclareAsync(exchange, ExchangeType.Fanout, durable: true, autoDelete: false, cancellationToken: cancellation);
}
