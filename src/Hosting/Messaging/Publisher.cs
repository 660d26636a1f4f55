using System.Text.Json;
using JustRunIt.Events.Messaging;
using RabbitMQ.Client;

namespace JustRunIt.Hosting.Messaging;

/// <summary>
/// Publishes with confirms: raw JSON, CloudEvents attributes as headers (CloudEvents AMQP binding, with the
/// <c>cloudEvents:</c> prefix), so that readers need nothing but an AMQP client. Exchanges and queues are declared first;
/// in the order of the calls, which may overlap.
/// </summary>
public sealed class Publisher : IAsyncDisposable
{
    private readonly IConnection connection;
    private readonly IChannel channel;
    private readonly HashSet<string> declared = [];

    private Publisher(IConnection connection, IChannel channel)
    {
        this.connection = connection;
        this.channel = channel;
    }

    /// <summary>Connects, and declares every exchange and queue of the catalogue.</summary>
    public static async Task<Publisher> ConnectAsync(Uri rabbitMq, string name, CancellationToken cancellation)
    {
        var factory = new ConnectionFactory { Uri = rabbitMq, ClientProvidedName = name, AutomaticRecoveryEnabled = false };
        var connection = await factory.CreateConnectionAsync(cancellation).ConfigureAwait(false);
        try
        {
            var channel = await connection.CreateChannelAsync(
                new CreateChannelOptions(
                    publisherConfirmationsEnabled: true,
                    publisherConfirmationTrackingEnabled: true,
                    outstandingPublisherConfirmationsRateLimiter: null),
                cancellation).ConfigureAwait(false);
            var publisher = new Publisher(connection, channel);
            await Topology.DeclareAsync(channel, cancellation).ConfigureAwait(false);
            return publisher;
        }
        catch
        {
            await connection.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Publishes to the exchange of a message, or returns the task that ends with the broker's confirm.</summary>
    public ValueTask PublishAsync(string wireName, ReadOnlyMemory<byte> json, MessageHeaders headers, CancellationToken cancellation) =>
        channel.BasicPublishAsync(wireName, "", mandatory: false, Properties(wireName, headers), json, cancellation);

    /// <summary>Declares the queue of a command, once.</summary>
    public async ValueTask DeclareAsync(ICommand command, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(command);
        var queue = Names.Destination(command);
        if (declared.Contains(queue))
            return;
        await Topology.DeclareQueueAsync(channel, queue, cancellation).ConfigureAwait(false);
        declared.Add(queue);
    }

    /// <summary>Sends a command to its one queue.</summary>
    public async ValueTask SendAsync(ICommand command, MessageHeaders headers, CancellationToken cancellation)
    {
        await DeclareAsync(command, cancellation).ConfigureAwait(false);
        var queue = Names.Destination(command);
        var json = JsonSerializer.SerializeToUtf8Bytes(command, command.GetType(), Wire.Json);
        await channel.BasicPublishAsync(
            queue, "", mandatory: false, Properties(Wire.NameOf(command.GetType()), headers), json, cancellation).ConfigureAwait(false);
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await channel.DisposeAsync().ConfigureAwait(false);
        await connection.DisposeAsync().ConfigureAwait(false);
    }

    private static BasicProperties Properties(string wireName, MessageHeaders headers)
    {
        var id = headers.Id.ToString();
        var properties = new BasicProperties
        {
            MessageId = id,
            CorrelationId = headers.CorrelationId.ToString(),
            ContentType = "application/json",
            DeliveryMode = DeliveryModes.Persistent,
            Type = wireName,
            Headers = new Dictionary<string, object?>
            {
                ["cloudEvents:specversion"] = "1.0",
                ["cloudEvents:id"] = id,
                ["cloudEvents:source"] = $"/{headers.Stream ?? "timers"}",
                ["cloudEvents:type"] = wireName,
                ["cloudEvents:time"] = headers.At.UtcDateTime.ToString("O"),
                [MessageHeaders.StreamHeader] = headers.Stream,
                [MessageHeaders.VersionHeader] = headers.StreamVersion,
            },
        };
        if (headers.CausationId is { } causation)
            properties.Headers[MessageHeaders.CausationHeader] = causation.ToString();
        return properties;
    }
}
