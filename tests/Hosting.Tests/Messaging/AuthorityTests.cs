using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Text;
using System.Text.Json;
using JustRunIt.Events;
using JustRunIt.Events.Authority;
using JustRunIt.Events.Hosts;
using JustRunIt.Events.Messaging;
using JustRunIt.Hosting.Messaging;
using JustRunIt.Hosting.Messaging.Authority;
using JustRunIt.Hosting.Messaging.Connecting;
using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;
using ConfigurationException = JustRunIt.Hosting.Configuration.ConfigurationException;

namespace JustRunIt.Hosting.Tests.Messaging;

/// <summary>What changes this process' environment runs beside nothing else.</summary>
[CollectionDefinition(nameof(ChangesTheEnvironment), DisableParallelization = true)]
public sealed class ChangesTheEnvironment;

/// <summary>A host agent acts on what its sender may say, and on nothing else; what it refuses is counted, told, and set aside.</summary>
[Collection(nameof(ChangesTheEnvironment))]
public sealed class AuthorityTests(RoleBroker broker) : IClassFixture<RoleBroker>, IDisposable
{
    private const string Mode = EnvironmentVariables.Authority;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly string? before = Environment.GetEnvironmentVariable(Mode);
    private readonly Seen seen = new();

    public void Dispose() => Environment.SetEnvironmentVariable(Mode, before);

    [Fact]
    public async Task Only_what_may_be_said_is_acted_on()
    {
        Environment.SetEnvironmentVariable(Mode, "roles");
        var refusals = new ConcurrentQueue<string>();
        using var meter = new MeterListener();
        meter.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name == RefusalMeter.Name)
                listener.EnableMeasurementEvents(instrument);
        };
        meter.SetMeasurementEventCallback<long>((_, _, tags, _) =>
            refusals.Enqueue(string.Join(' ', tags.ToArray().Select(tag => $"{tag.Value}"))));
        meter.Start();
        var agent = new Speaker(Roles.Of(Catalog.HostAgent), "one");
        var builder = ProcessHost.CreateBusOnly(
            $"{agent}",
            consumers => consumers
                .Add<Consumer<StartVm>, StartVm>().Add<Consumer<DestroyClone>, DestroyClone>().Add<Consumer<HostsAsked>, HostsAsked>(),
            broker.As(agent));
        builder.Services.AddSingleton(seen);
        using var host = builder.Build();
        await host.StartAsync();

        // Whoever administers the broker may put anything anywhere, and is believed nothing.
        var destroy = new DestroyClone("by hand", Guid.NewGuid(), "one", "clone");
        await SayAsync(broker.Administrator, destroy, user: null, "user_id: missing; every message must bear the user of its sender");
        await SayAsync(
            broker.Administrator, destroy, BrokerConnections.UserOf(broker.Administrator).User,
            "user_id: 'justrunit-administrator' has no role here");
        // The relay may say it, but not for whom it says it.
        await SayAsync(
            broker.As(Roles.Relay), destroy, "justrunit.relay",
            "subject: 'by hand' is the stream of no service; allowed is a matrix");
        // An operator may say it, but not in an exploration's name.
        await SayAsync(
            broker.As(Roles.Operator), destroy with { Subject = Streams.Matrix(Guid.NewGuid()) }, "justrunit.operator",
            "operator gives justrunit.destroy-clone.v1 for 'matrix-");
        // To somebody else.
        await SayAsync(broker.As(Roles.Operator), destroy with { Agent = "two" }, "justrunit.operator", "agent: 'two'; this is one");
        Assert.Empty(seen.Messages);
        await UntilAsync(() => refusals.Count == 5);
        Assert.Equal(
            [
                "justrunit.destroy-clone.v1 none", "justrunit.destroy-clone.v1 none", "justrunit.destroy-clone.v1 relay",
                "justrunit.destroy-clone.v1 operator", "justrunit.destroy-clone.v1 operator",
            ],
            refusals);

        // What may be said is.
        await SayAsync(broker.As(Roles.Operator), destroy, "justrunit.operator", null);
        await UntilAsync(() => seen.Messages.Contains(destroy));
        // Handed back, in its sender's name; and in another's.
        var returned = destroy with { RequestId = Guid.NewGuid() };
        await SayAsync(broker.As(Roles.Returner), returned, "justrunit.returner", null, inTheNameOf: "justrunit.operator");
        await UntilAsync(() => seen.Messages.Contains(returned));
        await SayAsync(
            broker.As(Roles.Returner), returned, "justrunit.returner", "host-agent.two may not state justrunit.destroy-clone.v1",
            inTheNameOf: "justrunit.host-agent.two");
        // An agent asks nothing, and answers in its own name: the broker lets nobody else's through.
        await host.Services.GetRequiredService<IBus>().Publish(new VmExited("one", "vm", null, "ended"));
        await host.StopAsync();
    }

    [Fact]
    public async Task A_command_that_cannot_be_read_is_answered_in_no_name_that_its_sender_may_not_use()
    {
        Environment.SetEnvironmentVariable(Mode, "roles");
        var agent = new Speaker(Roles.Of(Catalog.HostAgent), "one");
        var builder = ProcessHost.CreateBusOnly(
            $"{agent}", consumers => consumers.Add<Consumer<CloneVm>, CloneVm>(), broker.As(agent));
        builder.Services.AddSingleton(seen);
        using var host = builder.Build();
        await host.StartAsync();
        await using var connection = await BrokerConnections.FactoryFor(broker.Administrator, "test").CreateConnectionAsync();
        await using var channel = await connection.CreateChannelAsync();
        var answers = (await channel.QueueDeclareAsync()).QueueName;
        await channel.QueueBindAsync(answers, Names.Exchange(typeof(VmCloneFailed)), "");

        // No 'vm' in any of them.
        var matrix = Streams.Matrix(Guid.NewGuid());
        var (byHand, ofRelay) = (Guid.NewGuid(), Guid.NewGuid());
        await SayAsync(broker.As(Roles.Operator), "justrunit.operator", $$"""{"subject":"{{matrix}}","requestId":"{{Guid.NewGuid()}}"}""");
        await SayAsync(
            broker.As(Roles.Operator), "justrunit.operator",
            $$"""{"subject":"by hand","Subject":"{{Streams.DataCenter("dc")}}","requestId":"{{Guid.NewGuid()}}"}""");
        await SayAsync(broker.As(Roles.Operator), "justrunit.operator", $$"""{"subject":"by hand","requestId":"{{byHand}}"}""");
        await SayAsync(broker.As(Roles.Relay), "justrunit.relay", $$"""{"subject":"{{matrix}}","requestId":"{{ofRelay}}"}""");

        var told = new List<VmCloneFailed>();
        await UntilAsync(() =>
        {
            if (channel.BasicGetAsync(answers, autoAck: true).GetAwaiter().GetResult() is { } message)
                told.Add(JsonSerializer.Deserialize<VmCloneFailed>(message.Body.Span, Wire.Json)!);
            return told.Any(answer => answer.RequestId == ofRelay);
        });
        Assert.Equal([("by hand", byHand), (matrix, ofRelay)], told.Select(answer => (answer.Subject, answer.RequestId)));
        Assert.Empty(seen.Messages);
        await host.StopAsync();
    }

    [Fact]
    public void A_user_without_the_role_is_refused_at_the_start_unless_it_is_said_that_nobody_is_checked()
    {
        Environment.SetEnvironmentVariable(Mode, null);
        var error = Assert.Throws<ConfigurationException>(
            () => ProcessHost.CreateBusOnly("host-agent.one", _ => { }, new Uri("amqp://guest:guest@127.0.0.1:1/")));
        Assert.StartsWith("environment: JUSTRUNIT_RABBITMQ: user 'guest' has not the role host-agent.one; allowed is ", error.Message);
        foreach (var user in (string[])["justrunit.host-agent.two", "xhost-agent.one", "justrunit.monitor"])
        {
            Assert.Throws<ConfigurationException>(
                () => ProcessHost.CreateBusOnly("host-agent.one", _ => { }, new Uri($"amqp://{user}:x@127.0.0.1:1/")));
        }

        _ = ProcessHost.CreateBusOnly("host-agent.one", _ => { }, new Uri("amqp://acme.host-agent.one:x@127.0.0.1:1/"));
        Environment.SetEnvironmentVariable(Mode, "none");
        _ = ProcessHost.CreateBusOnly("host-agent.one", _ => { }, new Uri("amqp://guest:guest@127.0.0.1:1/"));
        Environment.SetEnvironmentVariable(Mode, "some");
        Assert.Throws<ConfigurationException>(
            () => ProcessHost.CreateBusOnly("host-agent.one", _ => { }, new Uri("amqp://guest:guest@127.0.0.1:1/")));
    }

    private async Task SayAsync(Uri by, DestroyClone message, string? user, string? refusal, string? inTheNameOf = null)
    {
        var queue = Names.Queue("host-agent.one", typeof(DestroyClone));
        await using var connection = await BrokerConnections.FactoryFor(by, "test").CreateConnectionAsync();
        await using var channel = await connection.CreateChannelAsync(new CreateChannelOptions(true, true));
        var properties = new BasicProperties { MessageId = $"{Guid.NewGuid()}", ContentType = "application/json" };
        if (user is not null)
            properties.UserId = user;
        if (inTheNameOf is not null)
            properties.Headers = new Dictionary<string, object?> { [Hosting.Messaging.MessageHeaders.UserHeader] = inTheNameOf };
        await channel.BasicPublishAsync(
            queue, "", mandatory: false, properties, JsonSerializer.SerializeToUtf8Bytes(message, Wire.Json));
        if (refusal is null)
            return;
        var aside = await AsideAsync(queue + "_error");
        Assert.Null(aside.BasicProperties.UserId);
        var headers = aside.BasicProperties.Headers!;
        Assert.Contains(refusal, Encoding.UTF8.GetString((byte[])headers["MT-Fault-Message"]!));
        if (user is not null && inTheNameOf is null)
            Assert.Equal(user, Encoding.UTF8.GetString((byte[])headers[Hosting.Messaging.MessageHeaders.UserHeader]!));
    }

    /// <summary>Says what is no good command to clone.</summary>
    private static async Task SayAsync(Uri by, string user, string body)
    {
        await using var connection = await BrokerConnections.FactoryFor(by, "test").CreateConnectionAsync();
        await using var channel = await connection.CreateChannelAsync(new CreateChannelOptions(true, true));
        var properties = new BasicProperties { MessageId = $"{Guid.NewGuid()}", ContentType = "application/json", UserId = user };
        await channel.BasicPublishAsync(
            Names.Queue("host-agent.one", typeof(CloneVm)), "", mandatory: true, properties, Encoding.UTF8.GetBytes(body));
    }

    private async Task<BasicGetResult> AsideAsync(string queue)
    {
        for (var end = DateTime.UtcNow + Patience; ; await Task.Delay(50))
        {
            // The broker ends a connection that asks for a queue which has been declared and does not run yet.
            await using var connection = await BrokerConnections.FactoryFor(broker.Administrator, "test").CreateConnectionAsync();
            await using var channel = await connection.CreateChannelAsync();
            try
            {
                await channel.QueueDeclarePassiveAsync(queue);
                if (await channel.BasicGetAsync(queue, autoAck: true) is { } message)
                    return message;
            }
            catch (OperationInterruptedException) when (DateTime.UtcNow < end)
            {
                // It is not there yet.
            }

            Assert.True(DateTime.UtcNow < end, $"nothing in {queue}");
        }
    }

    private static async Task UntilAsync(Func<bool> holds)
    {
        for (var end = DateTime.UtcNow + Patience; !holds(); await Task.Delay(20))
            Assert.True(DateTime.UtcNow < end);
    }

    private sealed class Seen
    {
        public ConcurrentQueue<object> Messages { get; } = new();
    }

    private sealed class Consumer<TMessage>(Seen seen) : IConsumer<TMessage>
        where TMessage : class
    {
        public Task Consume(ConsumeContext<TMessage> context)
        {
            seen.Messages.Enqueue(context.Message);
            return Task.CompletedTask;
        }
    }
}
