using JustRunIt.Events;
using JustRunIt.Events.Messaging;
using JustRunIt.Hosting.Configuration;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

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
                await DeclareQueueAsync(channel, queue, cancellation, entry.InOrder).ConfigureAwait(false);
                await channel.ExchangeBindAsync(queue, exchange, "", cancellationToken: cancellation).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Declares the queue of a reader for a message, and binds it to what is published, where it is no command.</summary>
    /// <exception cref="ConfigurationException">There is no exchange of that message, which is not a reader's to declare.</exception>
    public static async Task DeclareOwnAsync(
        IConnection connection, string user, string reader, Type message, CancellationToken cancellation)
    {
        var inOrder = Catalog.IsInOrder(message);
        if (inOrder)
            await QueueRemaking.RemakeAsync(connection, Names.Queue(reader, message), user, cancellation).ConfigureAwait(false);
        // A refusal ends a channel.
        await using var channel = await connection.CreateChannelAsync(cancellationToken: cancellation).ConfigureAwait(false);
        var queue = Names.Queue(reader, message);
        await DeclareQueueAsync(channel, queue, cancellation, inOrder).ConfigureAwait(false);
        if (message.IsAssignableTo(typeof(ICommand)))
            return;
        try
        {
            await channel.ExchangeBindAsync(queue, Names.Exchange(message), "", cancellationToken: cancellation).ConfigureAwait(false);
        }
        catch (OperationInterruptedException e) when (e.ShutdownReason?.ReplyCode == Constants.NotFound)
        {
            throw new ConfigurationException(
                $"environment: {EnvironmentVariables.RabbitMq}: the broker has no exchange {Names.Exchange(message)}; "
                + "'./justrunit roles' makes what this version needs");
        }
    }

    /// <summary>Makes anew the queues that an older version declared otherwise (<see cref="QueueRemaking"/>).</summary>
    public static async Task RemakeOldAsync(IConnection connection, string user, CancellationToken cancellation)
    {
        foreach (var entry in Catalog.Entries.Where(entry => entry.InOrder))
        {
            foreach (var consumer in entry.Consumers)
                await QueueRemaking.RemakeAsync(connection, Names.Queue(consumer, entry.Message), user, cancellation).ConfigureAwait(false);
        }
    }

    public static async Task DeclareQueueAsync(IChannel channel, string queue, CancellationToken cancellation, bool inOrder = false)
    {
        var arguments = new Dictionary<string, object?> { ["x-queue-type"] = "quorum" };
        if (inOrder)
            arguments["x-single-active-consumer"] = true;
        await DeclareExchangeAsync(channel, queue, cancellation).ConfigureAwait(false);
        await channel.QueueDeclareAsync(
            queue,
            durable: true,
            exclusive: false,
            autoDelete: false,
            arguments,
            cancellationToken: cancellation).ConfigureAwait(false);
        await channel.QueueBindAsync(queue, queue, "", cancellationToken: cancellation).ConfigureAwait(false);
    }

    private static Task DeclareExchangeAsync(IChannel channel, string exchange, CancellationToken cancellation) =>
        channel.ExchangeDeclareAsync(exchange, ExchangeType.Fanout, durable: true, autoDelete: false, cancellationToken: cancellation);
}
