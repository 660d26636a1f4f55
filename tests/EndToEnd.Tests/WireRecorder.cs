using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using Json.Schema;
using JustRunIt.Events;
using JustRunIt.Events.Messaging;
using JustRunIt.Hosting.Messaging;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace JustRunIt.EndToEnd.Tests;

/// <summary>A stranger who reads everything that is published: a queue of its own, bound to every exchange of the catalogue.</summary>
internal sealed class WireRecorder : IAsyncDisposable
{
    private readonly ConcurrentQueue<Seen> messages = new();
    private readonly IConnection connection;
    private readonly IChannel channel;

    private WireRecorder(IConnection connection, IChannel channel) => (this.connection, this.channel) = (connection, channel);

    /// <summary>What was seen so far.</summary>
    public IReadOnlyCollection<Seen> Messages => messages;

    public static async Task<WireRecorder> StartAsync(Uri rabbitMq)
    {
        var connection = await new ConnectionFactory { Uri = rabbitMq }.CreateConnectionAsync();
        var channel = await connection.CreateChannelAsync();
        var recorder = new WireRecorder(connection, channel);
        var queue = await channel.QueueDeclareAsync();
        foreach (var exchange in Catalog.Entries.Select(entry => Names.Exchange(entry.Message)))
            await channel.QueueBindAsync(queue.QueueName, exchange, "");
        var consumer = new AsyncEventingBasicConsumer(channel);
        consumer.ReceivedAsync += (_, delivery) =>
        {
            recorder.messages.Enqueue(new Seen(
                delivery.Exchange, delivery.Body.ToArray(), delivery.BasicProperties.IsMessageIdPresent() ? delivery.BasicProperties.MessageId : null,
                delivery.BasicProperties.ContentType));
            return Task.CompletedTask;
        };
        await channel.BasicConsumeAsync(queue.QueueName, autoAck: true, consumer);
        return recorder;
    }

    /// <summary>No more is read.</summary>
    public Task StopAsync() => channel.CloseAsync();

    public async ValueTask DisposeAsync()
    {
        await channel.DisposeAsync();
        await connection.DisposeAsync();
    }

    /// <summary>A message as it is on the wire.</summary>
    internal sealed record Seen(string WireName, byte[] Body, string? MessageId, string? ContentType)
    {
        private static readonly ConcurrentDictionary<string, JsonSchema> Published = new();

        /// <summary>What does not fit; null when all does.</summary>
        public string? Problem()
        {
            var schema = Published.GetOrAdd(WireName, name => JsonSchema.FromText(Schemas.Of(Wire.TypeOf(name)!).ToJsonString()));
            var text = Encoding.UTF8.GetString(Body);
            var result = schema.Evaluate(JsonDocument.Parse(text).RootElement, new EvaluationOptions { OutputFormat = OutputFormat.List });
            if (!result.IsValid)
                return $"{WireName}: {text}: {string.Join("; ", result.Details?.Where(detail => !detail.IsValid).Select(detail => $"{detail.InstanceLocation} {detail.Errors?.Values.FirstOrDefault()}") ?? [])}";
            if (!Guid.TryParse(MessageId, out _))
                return $"{WireName}: its message id is '{MessageId}'";
            return ContentType is "application/json" or "application/vnd.masstransit.raw+json" ? null : $"{WireName}: its content type is '{ContentType}'";
        }
    }
}
