using System.Diagnostics;
using System.Text.Json;
using JustRunIt.Events.Hosts;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Placement;
using JustRunIt.Hosting;
using JustRunIt.Hosting.Messaging;
using JustRunIt.Infrastructure;
using JustRunIt.ProxyNode.StandAlone;
using Microsoft.AspNetCore.Builder;

namespace JustRunIt.ProxyNode.Tests;

/// <summary>A node hears of moves from the broker, and sends new connections where Placement has ordered a virtual machine to go.</summary>
public sealed class OrderedMoveTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private readonly RabbitMqFixture broker = new();
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("ordered-");
    private readonly string listen = $"127.0.0.1:{FreePort.Find()}";
    private readonly Dictionary<string, TestServer> servers = [];
    private Process node = null!;
    private Publisher publisher = null!;

    public async Task InitializeAsync()
    {
        foreach (var place in new[] { "home", "away", "thief" })
            servers[place] = await TestServer.StartAsync(application => application.MapGet("/where", () => place));
        await broker.InitializeAsync();
        publisher = await Publisher.ConnectAsync(broker.Address, "test", CancellationToken.None);
        var file = Path.Combine(folder.FullName, "proxy-node.yaml");
        await File.WriteAllTextAsync(file, $$"""
            node: front
            tiers:
              - { service: shop, tier: application, listen: "{{listen}}", upstream: "{{servers["home"].EndPoint}}", vm: shop-1 }
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
        await broker.DisposeAsync();
        foreach (var server in servers.Values)
            await server.DisposeAsync();
        folder.Delete(recursive: true);
    }

    [Fact]
    public async Task Only_an_agent_that_a_move_was_ordered_to_draws_new_connections()
    {
        var (order, now) = (Guid.NewGuid(), DateTimeOffset.UtcNow);
        HashSet<string> places = [];
        for (var end = now + Patience; !places.Contains("away"); await Task.Delay(50))
        {
            Assert.True(DateTimeOffset.UtcNow < end, $"connections went to {string.Join(", ", places)} only");
            // Until the node has its queues nobody hears what is said.
            await SayAsync(Moved(Guid.NewGuid(), "evil", "thief", 1_000_000));
            await SayAsync(Moved(order, "evil", "thief", 1_000_000));
            await SayAsync(new MigrationStarted("dc", Guid.NewGuid(), 0, order, "host-1", "shop-1", "a", "b", now, now, "host-2"));
            await SayAsync(Moved(order, "host-2", "away", 1));
            if (await WhereAsync() is { } place)
                places.Add(place);
        }

        await SayAsync(Moved(Guid.NewGuid(), "evil", "thief", 2_000_000));
        await Task.Delay(500);
        Assert.Equal("away", await WhereAsync());
        Assert.DoesNotContain("thief", places);
    }

    private VmMigrated Moved(Guid request, string agent, string place, int moves) =>
        new("s", request, agent, "shop-1", $"{agent}-1", TimeSpan.Zero, $"{servers[place].EndPoint}", moves);

    private async Task<string?> WhereAsync()
    {
        using var client = new HttpClient();
        try
        {
            return await client.GetStringAsync($"http://{listen}/where");
        }
        catch (HttpRequestException)
        {
            // The node has not begun to listen.
            return null;
        }
    }

    private ValueTask SayAsync(object message)
    {
        var id = Guid.NewGuid();
        return publisher.PublishAsync(
            Wire.NameOf(message.GetType()),
            JsonSerializer.SerializeToUtf8Bytes(message, message.GetType(), Wire.Json),
            new MessageHeaders(id, id, DateTimeOffset.UtcNow, null, 0),
            CancellationToken.None);
    }
}
