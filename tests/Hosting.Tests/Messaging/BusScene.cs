using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using System.Text.Json;
using JustRunIt.Events.Hosts;
using JustRunIt.Events.Messaging;
using JustRunIt.Hosting.Logging;
using JustRunIt.Hosting.Logging.Reading;
using JustRunIt.Hosting.Messaging;
using JustRunIt.Infrastructure;
using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using Serilog.Events;

namespace JustRunIt.Hosting.Tests.Messaging;

/// <summary>
/// A process on a bus of its own, which answers <see cref="HostsAsked"/> by <see cref="VmExited"/>, a client that knows nothing but
/// AMQP, and the process' log.
/// </summary>
public sealed class BusScene : IAsyncLifetime
{
    /// <summary>Name of the process.</summary>
    public const string Reader = "trial.one";

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    private readonly RabbitMqFixture broker = new();
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("justrunit-logs-");
    private readonly ConcurrentQueue<BasicDeliverEventArgs> answers = new();
    private IConnection connection = null!;
    private IChannel channel = null!;
    private IHost? host;

    /// <summary>What the consumer does before it answers; told the attempt, from 1.</summary>
    public Func<int, Task> Work { get; set; } = _ => Task.CompletedTask;

    /// <summary>What failures are tried again.</summary>
    public RetryRules Retries { get; set; } = RetryRules.None;

    /// <summary>Whether each delivery was one that the broker had to take back before.</summary>
    public ConcurrentQueue<bool> TakenBack { get; } = new();

    /// <summary>Where the broker is.</summary>
    public Uri Address => broker.Address;

    /// <summary>Folder of the log files.</summary>
    public string Folder => folder.FullName;

    public async Task InitializeAsync()
    {
        await broker.InitializeAsync();
        connection = await new ConnectionFactory { Uri = Address }.CreateConnectionAsync();
        channel = await connection.CreateChannelAsync();
    }

    public async Task DisposeAsync()
    {
        if (host is not null)
        {
            await host.StopAsync();
            await ((IAsyncDisposable)host).DisposeAsync();
        }

        await channel.DisposeAsync();
        await connection.DisposeAsync();
        await broker.DisposeAsync();
        folder.Delete(recursive: true);
    }

    /// <summary>Starts the process, and listens to what it answers.</summary>
    public async Task<IHost> StartAsync(LogEventLevel level = LogEventLevel.Debug, Action<IServiceCollection>? more = null)
    {
        // As ProcessHost.CreateBusOnly, with a log for the test alone.
        var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        ProcessLog.Add(builder, Reader, LogSettings.Default with { Folder = Folder, Level = level });
        builder.Services.AddSingleton(this);
        ProcessHost.AddBus(builder, Address, Reader, consumers => consumers.Add<AskedConsumer, HostsAsked>(), Retries);
        more?.Invoke(builder.Services);
        host = builder.Build();
        await host.StartAsync();
        var queue = (await channel.QueueDeclareAsync()).QueueName;
        await channel.QueueBindAsync(queue, Names.Exchange(typeof(VmExited)), "");
        var consumer = new AsyncEventingBasicConsumer(channel);
        consumer.ReceivedAsync += (_, message) =>
        {
            answers.Enqueue(message);
            return Task.CompletedTask;
        };
        await channel.BasicConsumeAsync(queue, autoAck: true, consumer);
        return host;
    }

    /// <summary>Asks as a stranger does: raw JSON.</summary>
    public ValueTask AskAsync(BasicProperties properties, string? body = null) => channel.BasicPublishAsync(
        Names.Exchange(typeof(HostsAsked)),
        "",
        mandatory: false,
        properties,
        Encoding.UTF8.GetBytes(body ?? JsonSerializer.Serialize(new HostsAsked(Guid.NewGuid()), Wire.Json)));

    /// <summary>The next answer on the wire.</summary>
    public Task<BasicDeliverEventArgs> AnswerAsync() => UntilAsync(() => answers.TryDequeue(out var answer) ? answer : null, "an answer");

    /// <summary>The first log line of which this is true.</summary>
    public Task<LogEntry> LineAsync(Func<LogEntry, bool> isIt, string what) => UntilAsync(() => Lines().FirstOrDefault(isIt), what);

    /// <summary>Everything that was logged.</summary>
    public IReadOnlyList<LogEntry> Lines() => [.. new LogReader(Folder, new LogFilter()).ReadAll()];

    /// <summary>A header as text.</summary>
    public static string? Header(BasicDeliverEventArgs message, string name) =>
        message.BasicProperties.Headers?.TryGetValue(name, out var value) != true ? null
        : value is byte[] bytes ? Encoding.UTF8.GetString(bytes)
        : Convert.ToString(value, CultureInfo.InvariantCulture);

    private static async Task<T> UntilAsync<T>(Func<T?> find, string what)
        where T : class
    {
        for (var end = DateTime.UtcNow + Patience; DateTime.UtcNow < end; await Task.Delay(20))
        {
            if (find() is { } found)
                return found;
        }

        throw new TimeoutException($"{what} did not come within {Patience}");
    }

    private sealed class AskedConsumer(BusScene scene) : IConsumer<HostsAsked>
    {
        private static readonly ConcurrentDictionary<Guid, int> Attempts = new();

        public async Task Consume(ConsumeContext<HostsAsked> context)
        {
            scene.TakenBack.Enqueue(context.ReceiveContext.Redelivered);
            await scene.Work(Attempts.AddOrUpdate(context.Message.RequestId, 1, (_, before) => before + 1));
            await context.Publish(new VmExited("agent", "vm", null, "a reason"), context.CancellationToken);
        }
    }
}
