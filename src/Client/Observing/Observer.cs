using System.Collections.Concurrent;
using System.Text.Json;
using System.Threading.Channels;
using JustRunIt.Events;
using JustRunIt.Events.Messaging;
using JustRunIt.Hosting.Messaging;
using JustRunIt.Hosting.Messaging.Authority;
using JustRunIt.Hosting.Messaging.Connecting;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace JustRunIt.Client.Observing;

/// <summary>Subscribes to every published message with a queue of its own, as any outsider may, and remembers them.</summary>
public sealed class Observer : IAsyncDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    private readonly IConnection connection;
    private readonly IChannel channel;
    private readonly Channel<Observed> news = System.Threading.Channels.Channel.CreateUnbounded<Observed>();
    private readonly ConcurrentQueue<Observed> all = new();

    private Observer(IConnection connection, IChannel channel)
    {
        this.connection = connection;
        this.channel = channel;
    }

    /// <summary>Everything seen, in the order of arrival.</summary>
    public IReadOnlyCollection<Observed> All => all;

    /// <summary>What arrives; each message once, to one reader.</summary>
    public ChannelReader<Observed> News => news.Reader;

    /// <summary>Connects and subscribes.</summary>
    public static async Task<Observer> ConnectAsync(Uri rabbitMq, CancellationToken cancellation)
    {
        var factory = BrokerConnections.FactoryFor(rabbitMq, "console");
        var connection = await factory.CreateConnectionAsync(cancellation).ConfigureAwait(false);
        var channel = await connection.CreateChannelAsync(cancellationToken: cancellation).ConfigureAwait(false);
        var observer = new Observer(connection, channel);
        var queue = await channel.QueueDeclareAsync(cancellationToken: cancellation).ConfigureAwait(false);
        foreach (var entry in Catalog.Entries.Where(entry => !entry.Message.IsAssignableTo(typeof(ICommand))))
        {
            var exchange = Names.Exchange(entry.Message);
            if (!BrokerIdentity.IsChecked)
            {
                await channel.ExchangeDeclareAsync(
                    exchange, ExchangeType.Fanout, durable: true, autoDelete: false, cancellationToken: cancellation).ConfigureAwait(false);
            }

            await channel.QueueBindAsync(queue.QueueName, exchange, "", cancellationToken: cancellation).ConfigureAwait(false);
        }

        var consumer = new AsyncEventingBasicConsumer(channel);
        consumer.ReceivedAsync += observer.ReceiveAsync;
        await channel.BasicConsumeAsync(queue.QueueName, autoAck: true, consumer, cancellation).ConfigureAwait(false);
        return observer;
    }

    /// <summary>The messages of one type seen so far.</summary>
    public IEnumerable<T> Of<T>() => all.Select(observed => observed.Message).OfType<T>();

    /// <summary>Waits until messages seen so far satisfy a condition.</summary>
    /// <exception cref="TimeoutException">They do not in time.</exception>
    public async Task WaitAsync(
        Func<Observer, bool> condition, TimeSpan patience, Func<string> what, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(condition);
        ArgumentNullException.ThrowIfNull(what);
        var end = DateTimeOffset.UtcNow + patience;
        while (!condition(this))
        {
            if (DateTimeOffset.UtcNow >= end)
                throw new TimeoutException($"{what()}: not within {patience.TotalSeconds:0} s");
            await Task.Delay(Pause, cancellation).ConfigureAwait(false);
        }
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await channel.DisposeAsync().ConfigureAwait(false);
        await connection.DisposeAsync().ConfigureAwait(false);
    }

    private Task ReceiveAsync(object sender, BasicDeliverEventArgs delivery)
    {
        if (Read(delivery) is { } message)
        {
            var observed = new Observed(DateTimeOffset.UtcNow, message);
            all.Enqueue(observed);
            news.Writer.TryWrite(observed);
        }

        return Task.CompletedTask;
    }

    private static object? Read(BasicDeliverEventArgs delivery)
    {
        try
        {
            return Wire.TypeOf(delivery.Exchange) is { } type ? JsonSerializer.Deserialize(delivery.Body.Span, type, Wire.Json) : null;
        }
        catch (JsonException)
        {
            // Anybody may publish anything: what is no message is its readers' to refuse, and nothing to observe.
            return null;
        }
    }
}
