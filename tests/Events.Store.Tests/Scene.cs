using System.Collections.Concurrent;
using JustRunIt.Events.Matrices;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Store;
using JustRunIt.Events.Timers;
using JustRunIt.Hosting.Messaging;
using JustRunIt.Infrastructure;
using Marten;
using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;

namespace JustRunIt.Events.Store.Tests;

/// <summary>A database and a virtual host of their own, processes on them, and what their consumers saw.</summary>
public sealed class Scene : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private readonly BothFixture servers = new();
    private readonly ConcurrentQueue<Seen> seen = new();
    private NpgsqlDataSource dataSource = null!;

    /// <summary>Where both are.</summary>
    public Connections Connections { get; private set; } = null!;

    /// <summary>A store that no relay runs beside.</summary>
    public IDocumentStore Marten { get; private set; } = null!;

    /// <summary>Units of work on <see cref="Marten"/>.</summary>
    public EventStore Store { get; private set; } = null!;

    /// <summary>Everything that was consumed, in order.</summary>
    public IReadOnlyList<Seen> Seen => [.. seen];

    public async Task InitializeAsync()
    {
        await servers.InitializeAsync();
        Connections = new Connections(servers.Postgres.ConnectionString, servers.RabbitMq.Address);
        dataSource = ServiceHost.CreateDataSource(Connections, "test");
        Marten = DocumentStore.For(options => StoreSetup.Configure(options, dataSource));
        Store = new EventStore(Marten);
    }

    public async Task DisposeAsync()
    {
        Marten.Dispose();
        await dataSource.DisposeAsync();
        await servers.DisposeAsync();
    }

    /// <summary>A process as the services are, with a consumer of <see cref="SandboxAwaited"/> and of timers.</summary>
    public async Task<IHost> StartAsync()
    {
        var builder = ServiceHost.CreateService(
            Catalog.Experimenter,
            consumers => consumers.Add<AwaitedConsumer, SandboxAwaited>().Add<TimerConsumer, TimerElapsed>(),
            Connections);
        builder.Services.AddSingleton(seen);
        var host = builder.Build();
        await host.StartAsync();
        return host;
    }

    /// <summary>Appends so many events to the matrix' stream in one transaction.</summary>
    public async Task AppendAsync(Guid matrix, int count, DateTimeOffset? retryAt = null)
    {
        var cause = new Cause(Guid.NewGuid(), matrix, DateTimeOffset.UtcNow);
        await using var work = Store.Begin(cause);
        await work.LoadAsync<MatrixState>(Streams.Matrix(matrix), CancellationToken.None);
        work.Append(Streams.Matrix(matrix), Enumerable.Range(0, count).Select(i => Event(matrix, retryAt?.AddMilliseconds(i))));
        await work.CommitAsync(CancellationToken.None);
    }

    /// <summary>An event with no consequence but a timer.</summary>
    public static SandboxAwaited Event(Guid matrix, DateTimeOffset? retryAt = null) =>
        new(matrix, "sandbox-1", "matrix-0", retryAt ?? DateTimeOffset.UnixEpoch.AddYears(200));

    /// <summary>Waits until a condition holds.</summary>
    public async Task UntilAsync(Func<IReadOnlyList<Seen>, bool> condition, string what)
    {
        for (var end = DateTime.UtcNow + Patience; !condition(Seen); await Task.Delay(20))
            Assert.True(DateTime.UtcNow < end, $"{what}; seen {seen.Count}: {string.Join(", ", seen.TakeLast(5))}");
    }

    /// <summary>Rows of a query with one number.</summary>
    public async Task<long> CountAsync(string sql)
    {
        await using var command = dataSource.CreateCommand(sql);
        return (long)(await command.ExecuteScalarAsync())!;
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
            headers.Get<long>(JustRunIt.Hosting.Messaging.MessageHeaders.VersionHeader) ?? 0));
        return Task.CompletedTask;
    }
}

/// <summary>A message as its consumer saw it.</summary>
public sealed record Seen(object Message, Guid Id, Guid CorrelationId, string? Stream, long Version);
