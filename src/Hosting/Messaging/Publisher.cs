using System.Collections.Frozen;
using System.Net.Sockets;
using System.Text.Json;
using JustRunIt.Events;
using JustRunIt.Events.Authority;
using JustRunIt.Events.Messaging;
using JustRunIt.Hosting.Messaging.Authority;
using JustRunIt.Hosting.Messaging.Connecting;
using RabbitMQ.Client;

namespace JustRunIt.Hosting.Messaging;

/// <summary>
/// Publishes with confirms: raw JSON, CloudEvents attributes as headers (CloudEvents AMQP binding, with the
/// <c>cloudEvents:</c> prefix), so that readers need nothing but an AMQP client. Exchanges and queues are declared first;
/// in the order of the calls, which may overlap.
/// </summary>
public sealed class Publisher : IAsyncDisposable
{
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan ConnectPatience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan ClosePatience = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Events that services have queues for, which are there before anything is published. Of agents and nodes there may be none.
    /// </summary>
    private static readonly FrozenSet<string> Heard = Catalog.Entries
        .Where(entry => entry.Message.IsAssignableTo(typeof(IDomainEvent))
            && entry.Consumers.Any(consumer => consumer is not (Catalog.HostAgent or Catalog.ProxyNode)))
        .Select(entry => Wire.NameOf(entry.Message))
        .ToFrozenSet();

    private readonly IConnection connection;
    private readonly IChannel channel;
    private readonly Socket? socket;
    private readonly HashSet<string> declared = [];
    private readonly string user;
    private readonly bool declares;
    private volatile TaskCompletionSource? blocked;

    private Publisher(IConnection connection, IChannel channel, Socket? socket, string user, bool declares)
    {
        this.connection = connection;
        this.channel = channel;
        this.socket = socket;
        (this.user, this.declares) = (user, declares);
        connection.ConnectionBlockedAsync += (_, told) =>
        {
            blocked ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            BlockedChanged?.Invoke(told.Reason);
            return Task.CompletedTask;
        };
        connection.ConnectionUnblockedAsync += (_, _) =>
        {
            Unblock();
            BlockedChanged?.Invoke(null);
            return Task.CompletedTask;
        };
        connection.ConnectionShutdownAsync += (_, _) =>
        {
            Unblock();
            return Task.CompletedTask;
        };
    }

    /// <summary>The broker takes nothing for the given reason (memory, disk), or takes it again (null).</summary>
    public event Action<string?>? BlockedChanged;

    /// <summary>Whether the broker is still connected.</summary>
    public bool IsOpen => channel.IsOpen && connection.IsOpen;

    /// <summary>Whether the broker has said that it takes nothing for now.</summary>
    public bool IsBlocked => blocked is not null;

    /// <summary>Connects; declares every exchange and queue of the catalogue where nobody's word is checked.</summary>
    public static async Task<Publisher> ConnectAsync(Uri rabbitMq, string name, CancellationToken cancellation)
    {
        Socket? socket = null;
        var factory = BrokerConnections.FactoryFor(rabbitMq, name);
        factory.AutomaticRecoveryEnabled = false;
        factory.RequestedHeartbeat = Heartbeat;
        factory.RequestedConnectionTimeout = ConnectPatience;
        factory.SocketFactory = family =>
        {
            var client = ConnectionFactoryBase.DefaultSocketFactory(family);
            socket = client.Client;
            return client;
        };
        var connection = await factory.CreateConnectionAsync(cancellation).ConfigureAwait(false);
        try
        {
            var channel = await connection.CreateChannelAsync(
                new CreateChannelOptions(
                    publisherConfirmationsEnabled: true,
                    publisherConfirmationTrackingEnabled: true,
                    outstandingPublisherConfirmationsRateLimiter: null),
                cancellation).ConfigureAwait(false);
            var all = !BrokerIdentity.IsChecked;
            if (all)
            {
                await Topology.RemakeOldAsync(connection, factory.UserName, cancellation).ConfigureAwait(false);
                await Topology.DeclareAsync(channel, cancellation).ConfigureAwait(false);
            }

            // A relay's commands wait for agents and nodes that have not run yet.
            var isRelay = factory.UserName.Split('.')[^1] == Roles.Relay;
            return new Publisher(connection, channel, socket, factory.UserName, all || isRelay);
        }
        catch
        {
            await connection.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>
    /// Publishes to the exchange of a message, or returns the task that ends with the broker's confirm. An event that services are to hear
    /// must reach a queue: the broker confirms what reaches none, too.
    /// </summary>
    /// <exception cref="RabbitMQ.Client.Exceptions.PublishException">The queues of its readers are gone, or one refuses.</exception>
    public ValueTask PublishAsync(string wireName, ReadOnlyMemory<byte> json, MessageHeaders headers, CancellationToken cancellation) =>
        channel.BasicPublishAsync(wireName, "", mandatory: Heard.Contains(wireName), Properties(wireName, headers), json, cancellation);

    /// <summary>Sends to a queue that must be there.</summary>
    /// <exception cref="RabbitMQ.Client.Exceptions.PublishException">The queue is gone, or refuses.</exception>
    public ValueTask SendAsync(
        string queue, string wireName, ReadOnlyMemory<byte> json, MessageHeaders headers, CancellationToken cancellation) =>
        channel.BasicPublishAsync(queue, "", mandatory: true, Properties(wireName, headers), json, cancellation);

    /// <summary>Declares the queue of a command, once.</summary>
    public ValueTask DeclareAsync(ICommand command, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(command);
        return DeclareAsync(Names.Destination(command), cancellation);
    }

    /// <summary>
    /// Declares a queue of commands, once; where everybody's word is checked only one of an agent or a node, which may not have run yet.
    /// </summary>
    public async ValueTask DeclareAsync(string queue, CancellationToken cancellation)
    {
        if (!declares || (BrokerIdentity.IsChecked && !Names.IsOfNamed(queue)) || declared.Contains(queue))
            return;
        await Topology.DeclareQueueAsync(channel, queue, cancellation).ConfigureAwait(false);
        declared.Add(queue);
    }

    /// <summary>Sends a command to its one queue.</summary>
    public async ValueTask SendAsync(ICommand command, MessageHeaders headers, CancellationToken cancellation)
    {
        await DeclareAsync(command, cancellation).ConfigureAwait(false);
        await SendAsync(
            Names.Destination(command),
            Wire.NameOf(command.GetType()),
            JsonSerializer.SerializeToUtf8Bytes(command, command.GetType(), Wire.Json),
            headers,
            cancellation).ConfigureAwait(false);
    }

    /// <summary>Waits while the broker takes nothing.</summary>
    public Task UnblockedAsync(CancellationToken cancellation) =>
        blocked is { } waiting ? waiting.Task.WaitAsync(cancellation) : Task.CompletedTask;

    /// <summary>Drops the connection at once: what has not left this machine never leaves it.</summary>
    public void Abandon() => socket?.Close(0);

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        // A broker that no longer answers is not waited for.
        await connection.AbortAsync(ClosePatience).ConfigureAwait(false);
        await channel.DisposeAsync().ConfigureAwait(false);
        await connection.DisposeAsync().ConfigureAwait(false);
    }

    private void Unblock() => Interlocked.Exchange(ref blocked, null)?.TrySetResult();

    private BasicProperties Properties(string wireName, MessageHeaders headers)
    {
        var id = headers.Id.ToString();
        var properties = new BasicProperties
        {
            MessageId = id,
            UserId = user,
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
