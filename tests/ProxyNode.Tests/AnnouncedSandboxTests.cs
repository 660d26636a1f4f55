using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using JustRunIt.Events.Hosts;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Proxies;
using JustRunIt.Hosting;
using JustRunIt.Hosting.Messaging;
using JustRunIt.Infrastructure;
using JustRunIt.ProxyNode.StandAlone;
using RabbitMQ.Client;

namespace JustRunIt.ProxyNode.Tests;

/// <summary>A node copies live traffic to clones that a host agent has announced, and nowhere else, whoever commands it.</summary>
public sealed class AnnouncedSandboxTests : IAsyncLifetime
{
    private const string Node = "front";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);
    private static readonly ExperimentDurations Short = new(
        TimeSpan.FromMilliseconds(10), TimeSpan.FromMilliseconds(200), TimeSpan.FromMilliseconds(100), TimeSpan.FromMilliseconds(300));

    private readonly RabbitMqFixture broker = new();
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("announced-");
    private readonly TcpListener thief = new(IPAddress.Loopback, 0);
    private Process node = null!;
    private IConnection connection = null!;
    private IChannel channel = null!;
    private Publisher publisher = null!;
    private string answers = "";

    public async Task InitializeAsync()
    {
        await broker.InitializeAsync();
        thief.Start();
        publisher = await Publisher.ConnectAsync(broker.Address, "test", CancellationToken.None);
        connection = await new ConnectionFactory { Uri = broker.Address }.CreateConnectionAsync();
        channel = await connection.CreateChannelAsync();
        answers = (await channel.QueueDeclareAsync()).QueueName;
        await channel.QueueBindAsync(answers, Names.Exchange(typeof(ReplayMeasured)), "");
        var file = Path.Combine(folder.FullName, "proxy-node.yaml");
        await File.WriteAllTextAsync(file, $$"""
            node: {{Node}}
            tiers:
              - { service: shop, tier: application, listen: "127.0.0.1:{{FreePort.Find()}}", upstream: "127.0.0.1:{{FreePort.Find()}}" }
            """);
        var start = new ProcessStartInfo("dotnet", [typeof(ProxyOptions).Assembly.Location, "--config", file]);
        start.Environment[EnvironmentVariables.RabbitMq] = $"{broker.Address}";
        start.Environment[EnvironmentVariables.Authority] = "none";
        node = Process.Start(start)!;
    }

    public async Task DisposeAsync()
    {
        node.Kill();
        await node.WaitForExitAsync();
        node.Dispose();
        await publisher.DisposeAsync();
        await channel.DisposeAsync();
        await connection.DisposeAsync();
        thief.Dispose();
        await broker.DisposeAsync();
        folder.Delete(recursive: true);
    }

    [Fact]
    public async Task An_address_that_no_agent_has_announced_gets_nothing()
    {
        var at = $"{thief.LocalEndpoint}";
        var refused = await ReplayAsync(at);
        Assert.Equal(
            $"sandboxEndpoint: '{at}' is no clone that a host agent has announced to proxy node {Node}; nothing is copied there", refused);
        Assert.False(thief.Pending());

        await SayAsync(new VmCloned("s", Guid.NewGuid(), "host-1", "clone", at, "process", true, TimeSpan.Zero, TimeSpan.Zero, 0));
        for (var end = DateTime.UtcNow + Patience; await ReplayAsync(at) == refused;)
            Assert.True(DateTime.UtcNow < end, "the clone is not known");

        // Its experiments are over: the address may be anybody's.
        await SendAsync(new StopReplay("s", Guid.NewGuid(), Node, "shop", "application"));
        for (var end = DateTime.UtcNow + Patience; await ReplayAsync(at) != refused;)
            Assert.True(DateTime.UtcNow < end, "the clone is still known");
    }

    /// <summary>Why a replay was not measured.</summary>
    private async Task<string?> ReplayAsync(string to)
    {
        var request = Guid.NewGuid();
        await SendAsync(new StartReplay("s", request, Node, "shop", "application", to, Short));
        for (var end = DateTime.UtcNow + Patience; DateTime.UtcNow < end; await Task.Delay(20))
        {
            if (await channel.BasicGetAsync(answers, autoAck: true) is { } message
                && JsonSerializer.Deserialize<ReplayMeasured>(message.Body.Span, Wire.Json) is { } answer && answer.RequestId == request)
            {
                return answer.Failure;
            }
        }

        throw new TimeoutException("the node does not answer");
    }

    private ValueTask SendAsync(ICommand command) => publisher.SendAsync(command, Headers(), CancellationToken.None);

    private ValueTask SayAsync(object message) => publisher.PublishAsync(
        Wire.NameOf(message.GetType()),
        JsonSerializer.SerializeToUtf8Bytes(message, message.GetType(), Wire.Json),
        Headers(),
        CancellationToken.None);

    private static MessageHeaders Headers()
    {
        var id = Guid.NewGuid();
        return new MessageHeaders(id, id, DateTimeOffset.UtcNow, null, 0);
    }
}
