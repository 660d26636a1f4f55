using System.Net;
using JustRunIt.ProxyNode.Configuration;
using Microsoft.AspNetCore.Builder;

namespace JustRunIt.ProxyNode.Tests;

/// <summary>The server behind a proxy moves with its virtual machine.</summary>
public sealed class FollowTests : IAsyncLifetime
{
    private readonly List<TestServer> servers = [];
    private TierProxy proxy = null!;

    public async Task InitializeAsync()
    {
        foreach (var place in new[] { "home", "away", "next", "next away" })
            servers.Add(await TestServer.StartAsync(application => application.MapGet("/where", () => place)));
        var (tier, next) = (Settings.Tier(servers[0].EndPoint), Settings.OutProxy(servers[2].EndPoint));
        proxy = await TierProxy.StartAsync(
            tier with { Relay = tier.Relay with { Vm = "app" }, OutProxies = [next with { Relay = next.Relay with { Vm = "db" } }] },
            TimeProvider.System);
    }

    public async Task DisposeAsync()
    {
        await proxy.DisposeAsync();
        foreach (var server in servers)
            await server.DisposeAsync();
    }

    [Fact]
    public async Task New_connections_go_where_it_is_and_open_ones_stay()
    {
        using var open = Client();
        Assert.Equal("home", await open.GetStringAsync("/where"));
        Assert.True(proxy.TryFollow("app", servers[1].EndPoint, 1));
        using var next = Client();
        Assert.Equal("away", await next.GetStringAsync("/where"));
        Assert.Equal("home", await open.GetStringAsync("/where"));
    }

    [Fact]
    public async Task What_is_said_late_or_twice_or_of_another_sends_it_nowhere()
    {
        Assert.False(proxy.TryFollow("app", servers[1].EndPoint, 0));
        Assert.False(proxy.TryFollow("other", servers[1].EndPoint, 1));
        Assert.True(proxy.TryFollow("app", servers[1].EndPoint, 2));
        Assert.False(proxy.TryFollow("app", servers[0].EndPoint, 1));
        Assert.False(proxy.TryFollow("app", servers[0].EndPoint, 2));
        using var client = Client();
        Assert.Equal("away", await client.GetStringAsync("/where"));
        Assert.True(proxy.TryFollow("app", servers[0].EndPoint, 3));
        using var back = Client();
        Assert.Equal("home", await back.GetStringAsync("/where"));
    }

    [Fact]
    public async Task An_out_proxy_follows_the_next_tier()
    {
        Assert.Equal("next", await AskAsync(proxy.OutProxies[0].Relay.EndPoint));
        Assert.True(proxy.TryFollow("db", servers[3].EndPoint, 1));
        Assert.Equal("next away", await AskAsync(proxy.OutProxies[0].Relay.EndPoint));
        using var client = Client();
        Assert.Equal("home", await client.GetStringAsync("/where"));
    }

    private static async Task<string> AskAsync(IPEndPoint at)
    {
        using var client = new HttpClient { BaseAddress = new Uri($"http://{at}") };
        return await client.GetStringAsync("/where");
    }

    private HttpClient Client() => new() { BaseAddress = new Uri($"http://{proxy.EndPoint}") };
}
