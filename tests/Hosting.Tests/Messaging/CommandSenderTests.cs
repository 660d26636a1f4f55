using System.Reflection;
using System.Text;
using System.Text.Json;
using JustRunIt.Events.Hosts;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Resources;
using JustRunIt.Hosting.Logging;
using JustRunIt.Hosting.Messaging;
using JustRunIt.Infrastructure;
using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using RabbitMQ.Client;

namespace JustRunIt.Hosting.Tests.Messaging;

/// <summary>A sender of commands keeps its connection, and no command is lost for one that has ended meanwhile.</summary>
public sealed class CommandSenderTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly string Receiver = $"receiver-{Guid.NewGuid():N}"[..20];
    private readonly RabbitMqFixture broker = new();

    public Task InitializeAsync() => broker.InitializeAsync();

    public Task DisposeAsync() => broker.DisposeAsync();

    [Fact]
    public async Task The_first_command_after_the_broker_has_ended_the_connection_is_sent()
    {
        var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        ProcessLog.Add(builder, "trial.sender", LogSettings.Default);
        ProcessHost.AddBus(
            builder, broker.Address, "trial.sender", consumers => consumers.Add<Consumer, HostsAsked>(), RetryRules.None);
        using var host = builder.Build();
        await host.StartAsync();
        await using var connection = await new ConnectionFactory { Uri = broker.Address }.CreateConnectionAsync();
        await using var channel = await connection.CreateChannelAsync();

        Assert.True(await IsSentAsync(channel), "the first is sent");
        // As when the broker is started anew: nothing tells the sender.
        var kept = typeof(CommandSender).GetField("publisher", BindingFlags.Instance | BindingFlags.NonPublic)!
            .GetValue(host.Services.GetRequiredService<CommandSender>());
        Assert.IsType<Publisher>(kept).Abandon();
        await Task.Delay(TimeSpan.FromSeconds(1));
        Assert.True(await IsSentAsync(channel), "the next one is, too");
        await host.StopAsync();
    }

    /// <summary>Asks the process, which sends a command; false where it could not.</summary>
    private static async Task<bool> IsSentAsync(IChannel channel)
    {
        await channel.BasicPublishAsync(
            Names.Exchange(typeof(HostsAsked)), "", mandatory: true, new BasicProperties { MessageId = $"{Guid.NewGuid()}" },
            Encoding.UTF8.GetBytes(JsonSerializer.Serialize(new HostsAsked(Guid.NewGuid()), Wire.Json)));
        var sent = Names.Queue(Names.HostAgent(Receiver), typeof(SetAllocation));
        var failed = Names.Queue("trial.sender", typeof(HostsAsked));
        for (var end = DateTime.UtcNow + Patience; DateTime.UtcNow < end; await Task.Delay(50))
        {
            if (await TakeAsync(channel, sent))
                return true;
            if (await TakeAsync(channel, failed + "_error"))
                return false;
        }

        throw new TimeoutException($"neither within {Patience}");
    }

    private static async Task<bool> TakeAsync(IChannel channel, string queue)
    {
        // A queue that is declared otherwise, or not yet there, ends a channel; these are declared as the process does.
        await Topology.DeclareQueueAsync(channel, queue, CancellationToken.None);
        return await channel.BasicGetAsync(queue, autoAck: true) is not null;
    }

    private sealed class Consumer(CommandSender sender) : IConsumer<HostsAsked>
    {
        public Task Consume(ConsumeContext<HostsAsked> context) => sender.SendAsync(
            new SetAllocation("by hand", Guid.NewGuid(), Receiver, "shop", Allocation.None), context, context.CancellationToken);
    }
}
