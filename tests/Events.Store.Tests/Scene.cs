using System.Collections.Concurrent;
using JustRunIt.Events.Deciding;
using JustRunIt.Events.Hosts;
using JustRunIt.Events.Matrices;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Quantities;
using JustRunIt.Events.Store;
using JustRunIt.Events.Timers;
using JustRunIt.Hosting.Messaging;
using JustRunIt.Infrastructure;
using Marten;
using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using RabbitMQ.Client;

namespace JustRunIt.Events.Store.Tests;

/// <summary>A database and a virtual host of their own, processes on them, and what their consumers saw.</summary>
public sealed class Scene : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);
    private static readonly Uri NoBroker = new("amqp://no-broker.invalid/");
    private readonly PostgresFixture postgres = new();
    private readonly RabbitMqFixture rabbitMq = new();
    private bool connected;
    private IConnection? channels;
    private readonly ConcurrentQueue<Seen> seen = new();
    private readonly DecisionMeter meter = new();

    /// <summary>Where both are; the broker's place is known once a test has asked for it by <see cref="ConnectAsync"/>.</summary>
    public Connections Connections { get; private set; } = null!;

    /// <summary>Connections to the database.</summary>
    public NpgsqlDataSource DataSource { get; private set; } = null!;

    /// <summary>A store that no relay runs beside.</summary>
    public IDocumentStore Marten { get; private set; } = null!;

    /// <summary>Reads the streams.</summary>
    public EventStore Store { get; private set; } = null!;

    /// <summary>Runs deciders; facts are answered by <see cref="Power"/>.</summary>
    public DecisionRunner Runner { get; private set; } = null!;

    /// <summary>Everything that was consumed, in order.</summary>
    public IReadOnlyList<Seen> Seen => [.. seen];

    public async Task InitializeAsync()
    {
        await postgres.InitializeAsync();
        Connections = new Connections(postgres.ConnectionString, NoBroker);
        DataSource = ServiceHost.CreateDataSource(Connections, "test");
        Marten = DocumentStore.For(options => StoreSetup.Configure(options, DataSource));
        Store = new EventStore(DataSource);
        Runner = new DecisionRunner(Marten, Store, DataSource, [new Power()], [], meter, NullLogger<DecisionRunner>.Instance);
        await new SchemaSetup(Marten, DataSource, [], NullLogger<SchemaSetup>.Instance).StartAsync(CancellationToken.None);
    }

    public async Task DisposeAsync()
    {
        if (channels is not null)
            await channels.DisposeAsync();
        meter.Dispose();
        Marten.Dispose();
        await DataSource.DisposeAsync();
        await Task.WhenAll(postgres.DisposeAsync(), rabbitMq.DisposeAsync());
    }

    /// <summary>Makes a virtual host, the first time. A test of the store alone does without, which is much quicker.</summary>
    public async Task<Uri> ConnectAsync()
    {
        if (!connected)
        {
            await rabbitMq.InitializeAsync();
            Connections = Connections with { RabbitMq = rabbitMq.Address };
            connected = true;
        }

        return rabbitMq.Address;
    }

    /// <summary>A channel to the virtual host, for what no process of ours does; it ends with the scene.</summary>
    public async Task<IChannel> OpenChannelAsync()
    {
        channels ??= await new ConnectionFactory { Uri = await ConnectAsync() }.CreateConnectionAsync();
        return await channels.CreateChannelAsync();
    }

    /// <summary>A process as the services are, with a consumer of <see cref="SandboxAwaited"/> and of timers.</summary>
    /// <param name="more">Registers more consumers.</param>
    public async Task<IHost> StartAsync(Action<ConsumerRegistration>? more = null)
    {
        await ConnectAsync();
        var builder = ServiceHost.CreateService(
            Catalog.Experimenter,
            consumers =>
            {
                consumers.Add<AwaitedConsumer, SandboxAwaited>().Add<TimerConsumer, TimerElapsed>();
                more?.Invoke(consumers);
            },
            Connections);
        builder.Services.AddSingleton(seen);
        var host = builder.Build();
        await host.StartAsync();
        return host;
    }

    /// <summary>Appends so many events to the matrix' stream in one decision.</summary>
    public Task<Decision> AppendAsync(Guid matrix, int count, DateTimeOffset? retryAt = null) => Runner.HandleAsync(
        new Appending(count, retryAt), Ask(matrix), new Cause(Guid.NewGuid(), matrix, DateTimeOffset.UtcNow), CancellationToken.None);

    /// <summary>Appends events as they are, with what an older program knew of their cause: nothing.</summary>
    public async Task AppendRawAsync(string stream, params IEnumerable<(string Type, string Json)> events)
    {
        await using var connection = await DataSource.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        foreach (var (type, json) in events)
        {
            await using var command = new NpgsqlCommand(
                """
                INSERT INTO justrunit.mt_streams (id, version, timestamp, created, tenant_id, is_archived)
                    VALUES ($1, 0, now(), now(), '*DEFAULT*', false) ON CONFLICT DO NOTHING
                """,
                connection)
            { Parameters = { new() { Value = stream } } };
            await command.ExecuteNonQueryAsync();
            await using var insert = new NpgsqlCommand(
                """
                WITH bumped AS (UPDATE justrunit.mt_streams SET version = version + 1 WHERE id = $1 RETURNING version)
                INSERT INTO justrunit.mt_events (seq_id, id, stream_id, version, data, type, timestamp, tenant_id, is_archived)
                    SELECT nextval('justrunit.mt_events_sequence'), gen_random_uuid(), $1, version, $3::jsonb, $2, now(),
                        '*DEFAULT*', false FROM bumped
                """,
                connection)
            { Parameters = { new() { Value = stream }, new() { Value = type }, new() { Value = json } } };
            await insert.ExecuteNonQueryAsync();
        }

        await transaction.CommitAsync();
    }

    /// <summary>A message that test deciders answer.</summary>
    public static MatrixFilled Ask(Guid matrix) => new(matrix, "shop", "dc", "application", 3, 2, 0);

    /// <summary>An event with no consequence but a timer.</summary>
    public static SandboxAwaited Event(Guid matrix, DateTimeOffset? retryAt = null) =>
        new(matrix, "sandbox-1", "matrix-0", retryAt ?? DateTimeOffset.UnixEpoch.AddYears(200));

    /// <summary>Waits until a condition holds.</summary>
    public async Task UntilAsync(Func<IReadOnlyList<Seen>, bool> condition, string what)
    {
        for (var end = DateTime.UtcNow + Patience; !condition(Seen); await Task.Delay(20))
            Assert.True(DateTime.UtcNow < end, $"{what}; seen {seen.Count}: {string.Join(", ", seen.TakeLast(5))}");
    }

    /// <summary>The one number of a query.</summary>
    public async Task<long> CountAsync(string sql) => (long)(await ScalarAsync(sql))!;

    /// <summary>The one value of a query.</summary>
    public async Task<object?> ScalarAsync(string sql)
    {
        await using var command = DataSource.CreateCommand(sql);
        return await command.ExecuteScalarAsync();
    }

    /// <summary>The first column of a query, line by line.</summary>
    public async Task<IReadOnlyList<string>> LinesAsync(string sql)
    {
        await using var connection = await DataSource.OpenConnectionAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await using var reader = await command.ExecuteReaderAsync();
        var lines = new List<string>();
        do
        {
            while (await reader.ReadAsync())
                lines.Add(reader.GetString(0));
        }
        while (await reader.NextResultAsync());
        return lines;
    }

    /// <summary>Answers every question for power with the same.</summary>
    internal sealed class Power : IFactSource
    {
        public static PowerDrawn Drawn { get; } = new("m", new Watts(90), new Watts(80), new Watts(10), false, "rapl");

        public Type Asked => typeof(PowerAsked);

        public Task<object?> AnswerAsync(object asked, IDocumentSession session, CancellationToken cancellation) =>
            Task.FromResult<object?>(((PowerAsked)asked).Vm == "unknown" ? null : Drawn);
    }

    /// <summary>Appends so many events.</summary>
    private sealed class Appending(int count, DateTimeOffset? retryAt) : IDecider<MatrixFilled>
    {
        public string Name => "appending";

        public int Version => 1;

        public Decision Decide(IReading reading, MatrixFilled message, Cause cause)
        {
            var stream = Streams.Matrix(message.MatrixId);
            reading.State<MatrixState>(stream);
            return Decision.On(stream, Enumerable.Range(0, count).Select(i => Event(message.MatrixId, retryAt?.AddMilliseconds(i))));
        }
    }

    private sealed class AwaitedConsumer(ConcurrentQueue<Seen> seen) : IConsumer<SandboxAwaited>
    {
        public Task Consume(ConsumeContext<SandboxAwaited> context) =>
            context.Message.HeldBy == "throw"
                ? throw new MalformedMessageException("heldBy: 'throw'; allowed is a stream")
                : Consumed(seen, context, context.Message);
    }

    private sealed class TimerConsumer(ConcurrentQueue<Seen> seen) : IConsumer<TimerElapsed>
    {
        public Task Consume(ConsumeContext<TimerElapsed> context) => Consumed(seen, context, context.Message);
    }

    private static Task Consumed(ConcurrentQueue<Seen> seen, ConsumeContext context, object message)
    {
        var cause = MessageCause.Of(context, TimeProvider.System);
        var headers = context.ReceiveContext.TransportHeaders;
        seen.Enqueue(new Seen(
            message,
            cause.MessageId,
            cause.CorrelationId,
            headers.Get<string>(JustRunIt.Hosting.Messaging.MessageHeaders.StreamHeader),
            headers.Get<long>(JustRunIt.Hosting.Messaging.MessageHeaders.VersionHeader) ?? 0,
            headers.Get<string>(JustRunIt.Hosting.Messaging.MessageHeaders.CausationHeader)));
        return Task.CompletedTask;
    }
}

/// <summary>A message as its consumer saw it.</summary>
public sealed record Seen(object Message, Guid Id, Guid CorrelationId, string? Stream, long Version, string? Causation);
