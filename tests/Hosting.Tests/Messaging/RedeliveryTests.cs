using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using System.Text.Json;
using JustRunIt.Events.Hosts;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Sla;
using JustRunIt.Hosting.Logging;
using JustRunIt.Hosting.Messaging;
using JustRunIt.Infrastructure;
using JustRunIt.Infrastructure.Peers;
using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using RabbitMQ.Client.Exceptions;
using Serilog.Events;

namespace JustRunIt.Hosting.Tests.Messaging;

/// <summary>What cannot be handled for an outage waits at the broker, for as long as is documented, and lands in one place.</summary>
public sealed class RedeliveryTests : IAsyncLifetime
{
    private static readonly string Queue = Names.Queue(BusScene.Reader, typeof(HostsAsked));
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    /// <summary>More often than what is delivered again once: that is tried four times at first, and then once more.</summary>
    private const int Often = 6;

    private readonly BusScene scene = new();
    private IConnection connection = null!;

    public async Task InitializeAsync()
    {
        await scene.InitializeAsync();
        connection = await new ConnectionFactory { Uri = scene.Address }.CreateConnectionAsync();
    }

    public async Task DisposeAsync()
    {
        await connection.DisposeAsync();
        await scene.DisposeAsync();
    }

    [Fact]
    public async Task While_a_server_is_away_a_message_waits_in_a_queue_with_its_count_and_is_handled_when_the_server_is_back()
    {
        var isBack = false;
        scene.Retries = Rules(500, 10_000);
        scene.Work = _ => Volatile.Read(ref isBack) ? Task.CompletedTask : throw new TimeoutException("the server is away");
        await scene.StartAsync();
        var deliveries = await DeliveriesAsync();
        var id = Guid.NewGuid();
        var headers = new Dictionary<string, object?> { ["mine"] = "kept" };
        await scene.AskAsync(new BasicProperties { MessageId = id.ToString(), Headers = headers });
        var delay = Names.DelayQueue(Queue, TimeSpan.FromMilliseconds(500));
        await UntilAsync(() => MessagesAsync(delay), count => count == 1, "it waits at the broker");
        await UntilAsync(() => Task.FromResult(deliveries.Count), count => count >= 4, "it is delivered again and again");
        Volatile.Write(ref isBack, true);
        await scene.AnswerAsync();
        Assert.Equal([0, 1, 2, 3], deliveries.Take(4).Select(Redelivery));
        Assert.All(deliveries, delivery => Assert.Equal(id.ToString(), delivery.BasicProperties.MessageId));
        Assert.All(deliveries, delivery => Assert.Equal("kept", BusScene.Header(delivery, "mine")));
        await scene.LineAsync(line => line.Message.StartsWith("messages are handled again", StringComparison.Ordinal), "the end");
        var warning = Assert.Single(
            scene.Lines(),
            line => line.Level == LogEventLevel.Warning && !line.Message.Contains("JUSTRUNIT_AUTHORITY", StringComparison.Ordinal));
        Assert.Contains("TimeoutException", warning.Message);
        Assert.DoesNotContain(scene.Lines(), line => line.Json.Contains("\"@x\"", StringComparison.Ordinal));
        Assert.Null(await MessagesAsync(Queue + "_error"));
        Assert.Null(await MessagesAsync(Queue + "_skipped"));
    }

    [Fact]
    public async Task What_was_tried_as_often_as_is_documented_goes_to_the_error_queue_with_the_count_and_the_reason()
    {
        scene.Retries = Rules(50, 3);
        scene.Work = _ => throw new TimeoutException("the server is away");
        await scene.StartAsync();
        await scene.AskAsync(new BasicProperties { MessageId = Guid.NewGuid().ToString() });
        await UntilAsync(() => MessagesAsync(Queue + "_error"), count => count == 1, "it is in the error queue");
        await using var channel = await connection.CreateChannelAsync();
        var error = (await channel.BasicGetAsync(Queue + "_error", autoAck: true))!;
        Assert.Equal("given up after 3 redeliveries: TimeoutException: the server is away", Text(error, "MT-Fault-Message"));
        Assert.Equal("3", Text(error, "justrunit-redelivery"));
        Assert.Null(await MessagesAsync(Queue + "_skipped"));
        Assert.Equal(0u, await MessagesAsync(Queue));
    }

    [Fact]
    public async Task What_cannot_be_read_is_in_the_error_queue_and_in_no_other()
    {
        await scene.StartAsync();
        await scene.AskAsync(new BasicProperties { MessageId = Guid.NewGuid().ToString() }, "{\"requestId\": 5}");
        await scene.AskAsync(new BasicProperties { MessageId = Guid.NewGuid().ToString() });
        await scene.AnswerAsync();
        await UntilAsync(() => MessagesAsync(Queue + "_error"), count => count == 1, "it is in the error queue");
        Assert.Null(await MessagesAsync(Queue + "_skipped"));
    }

    [Fact]
    public async Task What_was_delivered_again_bears_the_name_that_the_broker_checks()
    {
        var isBack = false;
        scene.Retries = Rules(50, 10_000);
        scene.Work = _ => Volatile.Read(ref isBack) ? Task.CompletedTask : throw new TimeoutException("the server is away");
        await scene.StartAsync();
        var deliveries = await DeliveriesAsync();
        var user = scene.Address.UserInfo.Split(':')[0];
        await scene.AskAsync(new BasicProperties { MessageId = Guid.NewGuid().ToString(), UserId = user });
        await UntilAsync(() => Task.FromResult(deliveries.Count), count => count >= 3, "it is delivered again");
        Volatile.Write(ref isBack, true);
        await scene.AnswerAsync();
        Assert.Equal(user, deliveries.ElementAt(2).BasicProperties.UserId);
    }

    [Fact]
    public async Task What_is_heard_in_order_one_at_a_time_is_kept_in_hand_and_nothing_overtakes_it()
    {
        var windows = new Windows();
        var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        ProcessLog.Add(builder, "trial.windows", LogSettings.Default);
        builder.Services.AddSingleton(windows);
        ProcessHost.AddBus(
            builder, scene.Address, "trial.windows", consumers => consumers.Add<WindowConsumer, ExternalWindowReported>(), Rules(200, 1));
        using var host = builder.Build();
        await host.StartAsync();
        await using var channel = await connection.CreateChannelAsync();
        foreach (var name in (string[])["first", "second"])
        {
            var from = DateTimeOffset.UnixEpoch;
            await channel.BasicPublishAsync(
                Names.Exchange(typeof(ExternalWindowReported)), "", mandatory: true,
                new BasicProperties { MessageId = $"{Guid.NewGuid()}" },
                JsonSerializer.SerializeToUtf8Bytes(
                    new ExternalWindowReported("sonde", name, from, from.AddSeconds(1), 1, TimeSpan.FromSeconds(1)), Wire.Json));
        }

        await UntilAsync(
            () => Task.FromResult(windows.Refused), count => count >= Often, "it is tried for longer than a delay queue would");
        windows.IsBack = true;
        await UntilAsync(() => Task.FromResult(windows.Handled.Count), count => count == 2, "both are handled");
        Assert.Equal(["first", "second"], windows.Handled);
        Assert.DoesNotContain("second", windows.Tried.Take(Often));
        var queue = Names.Queue("trial.windows", typeof(ExternalWindowReported));
        Assert.Null(await MessagesAsync(Names.DelayQueue(queue, TimeSpan.FromMilliseconds(200))));
        await host.StopAsync();
    }

    /// <summary>The broker waits three seconds here instead of half an hour, for all its clients: so not beside other tests.</summary>
    [Fact]
    [Trait("Category", "Chaos")]
    public async Task A_message_outlasts_the_brokers_patience_with_consumers()
    {
        if ((await ServerAddresses.LocateAsync()).RabbitMqControl is not { } control)
            return;
        const string impatient =
            "application:set_env(rabbit, consumer_timeout, 3000), application:set_env(rabbit, channel_tick_interval, 500).";
        const string patient =
            "application:set_env(rabbit, consumer_timeout, 1800000), application:set_env(rabbit, channel_tick_interval, 60000).";
        await PeerProcess.RunAsync(control, ["eval", impatient]);
        try
        {
            var isBack = false;
            scene.Retries = Rules(1000, 10_000);
            scene.Work = _ => Volatile.Read(ref isBack) ? Task.CompletedTask : throw new TimeoutException("the server is away");
            await scene.StartAsync();
            for (var i = 0; i < 20; i++)
                await scene.AskAsync(new BasicProperties { MessageId = Guid.NewGuid().ToString() });
            var end = DateTime.UtcNow.AddSeconds(15);
            await UntilAsync(() => Task.FromResult(DateTime.UtcNow), now => now > end, "five times as long as the broker waits");
            Volatile.Write(ref isBack, true);
            for (var i = 0; i < 20; i++)
                await scene.AnswerAsync();
            Assert.DoesNotContain(true, scene.TakenBack);
        }
        finally
        {
            await PeerProcess.RunAsync(control, ["eval", patient]);
        }
    }

    private static RetryRules Rules(int delayMilliseconds, int times) => new(e => e is TimeoutException, _ => false)
    {
        Redelivery = new([new RedeliverySchedule.Step(TimeSpan.FromMilliseconds(delayMilliseconds), times)]),
    };

    private static int Redelivery(BasicDeliverEventArgs delivery) =>
        int.Parse(BusScene.Header(delivery, "justrunit-redelivery") ?? "0", CultureInfo.InvariantCulture);

    private static string? Text(BasicGetResult message, string header) =>
        message.BasicProperties.Headers!.TryGetValue(header, out var value)
            ? value is byte[] bytes ? Encoding.UTF8.GetString(bytes) : Convert.ToString(value, CultureInfo.InvariantCulture)
            : null;

    /// <summary>All that comes to the reader, beside the reader.</summary>
    private async Task<ConcurrentQueue<BasicDeliverEventArgs>> DeliveriesAsync()
    {
        var seen = new ConcurrentQueue<BasicDeliverEventArgs>();
        var channel = await connection.CreateChannelAsync();
        var queue = (await channel.QueueDeclareAsync()).QueueName;
        await channel.QueueBindAsync(queue, Queue, "");
        var consumer = new AsyncEventingBasicConsumer(channel);
        consumer.ReceivedAsync += (_, message) =>
        {
            seen.Enqueue(message);
            return Task.CompletedTask;
        };
        await channel.BasicConsumeAsync(queue, autoAck: true, consumer);
        return seen;
    }

    /// <summary>How many messages wait in a queue; null when there is no such queue.</summary>
    private async Task<uint?> MessagesAsync(string queue)
    {
        await using var channel = await connection.CreateChannelAsync();
        try
        {
            return (await channel.QueueDeclarePassiveAsync(queue)).MessageCount;
        }
        catch (OperationInterruptedException)
        {
            return null;
        }
    }

    private static async Task UntilAsync<T>(Func<Task<T>> ask, Func<T, bool> isIt, string what)
    {
        for (var end = DateTime.UtcNow + Patience; !isIt(await ask()); await Task.Delay(20))
            Assert.True(DateTime.UtcNow < end, what);
    }

    private sealed class Windows
    {
        private volatile bool isBack;

        public ConcurrentQueue<string> Tried { get; } = new();

        public ConcurrentQueue<string> Handled { get; } = new();

        public int Refused => Tried.Count - Handled.Count;

        public bool IsBack
        {
            get => isBack;
            set => isBack = value;
        }
    }

    private sealed class WindowConsumer(Windows windows) : IConsumer<ExternalWindowReported>
    {
        public Task Consume(ConsumeContext<ExternalWindowReported> context)
        {
            windows.Tried.Enqueue(context.Message.Service);
            if (!windows.IsBack)
                throw new TimeoutException("the server is away");
            windows.Handled.Enqueue(context.Message.Service);
            return Task.CompletedTask;
        }
    }
}
