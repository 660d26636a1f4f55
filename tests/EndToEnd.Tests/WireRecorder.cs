using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Json.Schema;
using JustRunIt.Events;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Timers;
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

    /// <summary>Begins to read; agent and proxy node have declared their queues.</summary>
    /// <param name="rabbitMq">The broker.</param>
    /// <param name="name">Name of the agent and of the proxy node.</param>
    public static async Task<WireRecorder> StartAsync(Uri rabbitMq, string name)
    {
        var connection = await new ConnectionFactory { Uri = rabbitMq }.CreateConnectionAsync();
        var channel = await connection.CreateChannelAsync();
        var recorder = new WireRecorder(connection, channel);
        var queue = await channel.QueueDeclareAsync();
        foreach (var exchange in Catalog.Entries.SelectMany(entry => ExchangesOf(entry, name)))
            await channel.QueueBindAsync(queue.QueueName, exchange, "");
        var consumer = new AsyncEventingBasicConsumer(channel);
        consumer.ReceivedAsync += (_, delivery) =>
        {
            recorder.messages.Enqueue(new Seen(
                Wire.TypeOf(delivery.Exchange) is null ? delivery.BasicProperties.Type ?? "" : delivery.Exchange,
                delivery.Body.ToArray(),
                new BasicProperties(delivery.BasicProperties)));
            return Task.CompletedTask;
        };
        await channel.BasicConsumeAsync(queue.QueueName, autoAck: true, consumer);
        return recorder;
    }

    /// <summary>The exchange of a message, or for a command those of the queues that it is sent to.</summary>
    private static IEnumerable<string> ExchangesOf(Catalog.Entry entry, string name)
    {
        if (!entry.Message.IsAssignableTo(typeof(ICommand)))
        {
            yield return Names.Exchange(entry.Message);
            yield break;
        }

        foreach (var consumer in entry.Consumers)
        {
            var reader = consumer switch
            {
                Catalog.HostAgent => Names.HostAgent(name),
                Catalog.ProxyNode => Names.ProxyNode(name),
                _ => consumer,
            };
            yield return Names.Queue(reader, entry.Message);
        }
    }

    /// <summary>No more is read.</summary>
    public Task StopAsync() => channel.CloseAsync();

    public async ValueTask DisposeAsync()
    {
        await channel.DisposeAsync();
        await connection.DisposeAsync();
    }

    /// <summary>A message as it is on the wire.</summary>
    internal sealed record Seen(string WireName, byte[] Body, BasicProperties Properties)
    {
        private static readonly ConcurrentDictionary<string, JsonSchema> Published = new();

        /// <summary>What does not fit; null when all does.</summary>
        public string? Problem() => (BodyProblem() ?? PropertiesProblem() ?? (IsOfStream ? HeadersProblem() : null)) is { } problem
            ? $"{WireName}: {problem}"
            : null;

        private bool IsTimer => WireName == Wire.NameOf(typeof(TimerElapsed));

        private bool IsOfStream => Header(MessageHeaders.StreamHeader) is not null;

        private string? BodyProblem()
        {
            var schema = Published.GetOrAdd(WireName, name => JsonSchema.FromText(Schemas.Of(Wire.TypeOf(name)!).ToJsonString()));
            var text = Encoding.UTF8.GetString(Body);
            var options = new EvaluationOptions { OutputFormat = OutputFormat.List };
            var result = schema.Evaluate(JsonDocument.Parse(text).RootElement, options);
            if (result.IsValid)
                return null;
            var faults = result.Details?.Where(detail => !detail.IsValid) ?? [];
            var told = faults.Select(detail => $"{detail.InstanceLocation} {detail.Errors?.Values.FirstOrDefault()}");
            return $"{text}: {string.Join("; ", told)}";
        }

        private string? PropertiesProblem() => Properties switch
        {
            { MessageId: var id } when !Guid.TryParse(id, out _) => $"its message id is '{id}'",
            { CorrelationId: var id } when !Guid.TryParse(id, out _) => $"its correlation id is '{id}'",
            { ContentType: var type } when type is not ("application/json" or "application/vnd.masstransit.raw+json") =>
                $"its content type is '{type}'",
            _ => null,
        };

        /// <summary>What comes from a stream bears the attributes of CloudEvents, its place, and its cause.</summary>
        private string? HeadersProblem()
        {
            (string Name, Func<string, bool> Fits)[] expected =
            [
                ("cloudEvents:specversion", value => value == "1.0"),
                ("cloudEvents:id", value => value == Properties.MessageId),
                ("cloudEvents:type", value => value == WireName),
                ("cloudEvents:source", value => value == $"/{Header(MessageHeaders.StreamHeader)}"),
                ("cloudEvents:time", value => DateTimeOffset.TryParse(value, CultureInfo.InvariantCulture, out _)),
                // A timer is of the stream as a whole.
                (MessageHeaders.VersionHeader, value => long.Parse(value, CultureInfo.InvariantCulture) >= (IsTimer ? 0 : 1)),
                (MessageHeaders.CausationHeader, value => Guid.TryParse(value, out _)),
            ];
            return expected
                .Where(header => Header(header.Name) is not { } value || !header.Fits(value))
                .Select(header => $"its header {header.Name} is '{Header(header.Name)}'")
                .FirstOrDefault();
        }

        private string? Header(string name) => (Properties.Headers?.TryGetValue(name, out var found) == true ? found : null) switch
        {
            byte[] bytes => Encoding.UTF8.GetString(bytes),
            null => null,
            var value => Convert.ToString(value, CultureInfo.InvariantCulture),
        };
    }
}
