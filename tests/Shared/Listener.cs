using System.Collections.Concurrent;
using System.Text;
using System.Text.Json.Nodes;
using JustRunIt.Hosting.Messaging;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace JustRunIt.Infrastructure;

/// <summary>Hears what is on the bus, and says something itself, as an outsider does: by RabbitMQ's own client.</summary>
internal sealed class Listener : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);
    private readonly ConcurrentQueue<Heard> heard = new();
    private readonly IConnection connection;
    private readonly IChannel channel;

    private Listener(IConnection connection, IChannel channel) => (this.connection, this.channel) = (connection, channel);

    /// <summary>Connects, and declares what the services declare, so that nothing is missed that is said before one of them runs.</summary>
    public static async Task<Listener> ConnectAsync(Uri rabbitMq)
    {
        await using (await Publisher.ConnectAsync(rabbitMq, "test", CancellationToken.None))
        {
            var connection = await new ConnectionFactory { Uri = rabbitMq }.CreateConnectionAsync();
            return new Listener(connection, await connection.CreateChannelAsync());
        }
    }

    /// <summary>Hears events or reports of a type from now on.</summary>
    public async Task<Listener> HearAsync<TMessage>()
    {
        var queue = await channel.QueueDeclareAsync();
        await channel.QueueBindAsync(queue.QueueName, Names.Exchange(typeof(TMessage)), "");
        await ConsumeAsync(queue.QueueName);
        return this;
    }

    /// <summary>Takes the commands of a reader's queue.</summary>
    public async Task<Listener> TakeAsync<TCommand>(string reader)
    {
        var queue = Names.Queue(reader, typeof(TCommand));
        await channel.QueueDeclareAsync(
            queue, durable: true, exclusive: false, autoDelete: false, new Dictionary<string, object?> { ["x-queue-type"] = "quorum" });
        await ConsumeAsync(queue);
        return this;
    }

    /// <summary>Says something on the message's exchange.</summary>
    public async Task<Guid> SayAsync<TMessage>(TMessage message, Guid? id = null, Guid? correlation = null)
        where TMessage : class
    {
        var messageId = id ?? Guid.NewGuid();
        await channel.BasicPublishAsync(
            Names.Exchange(typeof(TMessage)),
            "",
            mandatory: false,
            new BasicProperties
            {
                ContentType = "application/json",
                MessageId = messageId.ToString(),
                CorrelationId = (correlation ?? messageId).ToString(),
            },
            System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(message, JustRunIt.Events.Messaging.Wire.Json));
        return messageId;
    }

    /// <summary>The first message of a type, waited for.</summary>
    /// <param name="which">Which one; null for any.</param>
    public async Task<Heard> UntilAsync<TMessage>(Func<Heard, bool>? which = null)
    {
        var name = JustRunIt.Events.Messaging.Wire.NameOf(typeof(TMessage));
        for (var end = DateTime.UtcNow + Patience; ; await Task.Delay(20))
        {
            if (heard.FirstOrDefault(message => message.WireName == name && which?.Invoke(message) != false) is { } found)
                return found;
            Assert.True(DateTime.UtcNow < end, $"no {name}; heard {string.Join(", ", heard.Select(message => message.WireName))}");
        }
    }

    /// <summary>A message that a reader could not handle, waited for.</summary>
    public async Task<BasicGetResult> ErrorAsync<TMessage>(string reader)
    {
        var queue = Names.Queue(reader, typeof(TMessage)) + "_error";
        for (var end = DateTime.UtcNow + Patience; ; await Task.Delay(50))
        {
            // Made with the first error; to ask for one that is not there ends a channel.
            await using var asking = await connection.CreateChannelAsync();
            if (await Record.ExceptionAsync(() => asking.QueueDeclarePassiveAsync(queue)) is null
                && await asking.BasicGetAsync(queue, autoAck: true) is { } message)
            {
                return message;
            }

            Assert.True(DateTime.UtcNow < end, $"nothing in {queue}");
        }
    }

    /// <summary>All so far.</summary>
    public IReadOnlyList<Heard> All => [.. heard];

    public async ValueTask DisposeAsync()
    {
        await channel.DisposeAsync();
        await connection.DisposeAsync();
    }

    private async Task ConsumeAsync(string queue)
    {
        var consumer = new AsyncEventingBasicConsumer(channel);
        consumer.ReceivedAsync += (_, delivery) =>
        {
            var properties = delivery.BasicProperties;
            heard.Enqueue(new Heard(
                properties.Type ?? "",
                JsonNode.Parse(delivery.Body.Span)!,
                Guid.Parse(properties.MessageId!),
                Guid.Parse(properties.CorrelationId!),
                properties.Headers is { } headers && headers.TryGetValue(MessageHeaders.CausationHeader, out var causation)
                    ? Encoding.UTF8.GetString((byte[])causation!)
                    : null));
            return Task.CompletedTask;
        };
        await channel.BasicConsumeAsync(queue, autoAck: true, consumer);
    }
}

/// <summary>A message as it was on the bus.</summary>
internal sealed record Heard(string WireName, JsonNode Body, Guid Id, Guid CorrelationId, string? Causation);
