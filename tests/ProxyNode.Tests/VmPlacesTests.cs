using System.Net;
using JustRunIt.Events.Hosts;
using JustRunIt.Events.Placement;
using JustRunIt.Events.Quantities;
using JustRunIt.Events.Resources;
using JustRunIt.Infrastructure;
using JustRunIt.ProxyNode.Bus;
using JustRunIt.ProxyNode.Configuration;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace JustRunIt.ProxyNode.Tests;

/// <summary>Whose word about where a virtual machine is sends new connections there.</summary>
public sealed class VmPlacesTests : IAsyncLifetime
{
    private static readonly DateTimeOffset Noon = new(2026, 11, 29, 12, 0, 0, TimeSpan.Zero);

    private readonly FakeTimeProvider clock = new();
    private readonly Lines<VmPlaces> lines = new();
    private readonly Dictionary<string, TestServer> servers = [];
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("justrunit-places-");
    private NodeSettings settings = null!;
    private TierProxies proxies = null!;
    private VmPlaces places = null!;

    public async Task InitializeAsync()
    {
        foreach (var place in new[] { "home", "away", "thief", "db", "db away" })
            servers[place] = await TestServer.StartAsync(application => application.MapGet("/where", () => place));
        var (tier, next) = (Settings.Tier(servers["home"].EndPoint), Settings.OutProxy(servers["db"].EndPoint));
        tier = tier with
        {
            Relay = tier.Relay with { Vm = "shop-1" },
            OutProxies = [next with { Relay = next.Relay with { Vm = "db-1" } }],
        };
        settings = new NodeSettings("front", TimeSpan.FromSeconds(1), [tier]) { File = Path.Combine(folder.FullName, "node.yaml") };
        proxies = new TierProxies(settings, TimeProvider.System, NullLogger<TierProxies>.Instance);
        await proxies.StartAsync(CancellationToken.None);
        places = new VmPlaces(settings, proxies, clock, lines);
    }

    public async Task DisposeAsync()
    {
        await proxies.StopAsync(CancellationToken.None);
        foreach (var server in servers.Values)
            await server.DisposeAsync();
        folder.Delete(recursive: true);
    }

    [Fact]
    public async Task A_move_that_placement_has_ordered_is_followed_when_its_agent_says_that_it_is_done()
    {
        var order = Order("host-1", "host-2");
        places.Order(order);
        Assert.Equal("home", await WhereAsync());
        places.Move(Moved(order.RequestId, "host-2", "away", 1));
        Assert.Equal("away", await WhereAsync());
        Assert.Empty(lines.Said);
    }

    [Fact]
    public async Task So_it_is_when_the_answer_is_heard_before_the_order()
    {
        var order = Order("host-1", "host-2");
        places.Move(Moved(order.RequestId, "host-2", "away", 1));
        Assert.Equal("home", await WhereAsync());
        places.Order(order);
        Assert.Equal("away", await WhereAsync());
    }

    [Fact]
    public async Task A_move_that_nobody_has_ordered_is_not_followed_and_is_told_in_one_line()
    {
        for (var i = 0; i < 3; i++)
            places.Move(Moved(Guid.NewGuid(), "evil", "thief", 1_000_000));
        Assert.Equal("home", await WhereAsync());
        Assert.Equal(
            $"not followed: agent evil says that shop-1 is at {servers["thief"].EndPoint}; no such move is known to be ordered "
            + "(1 since the last such line)",
            Assert.Single(lines.Said));
    }

    [Fact]
    public async Task Another_agent_than_the_one_that_an_ordered_move_goes_to_is_not_believed()
    {
        var order = Order("evil", "host-2");
        places.Order(order);
        places.Move(Moved(order.RequestId, "evil", "thief", 1_000_000));
        Assert.Equal("home", await WhereAsync());
        places.Move(Moved(order.RequestId, "host-2", "away", 1));
        Assert.Equal("away", await WhereAsync());
        Assert.Single(lines.Said);
    }

    [Fact]
    public async Task An_order_for_one_virtual_machine_moves_no_other()
    {
        var order = Order("host-1", "evil") with { Vm = "db-1" };
        places.Order(order);
        places.Move(Moved(order.RequestId, "evil", "thief", 1_000_000));
        Assert.Equal("home", await WhereAsync());
        Assert.Single(lines.Said);
    }

    [Fact]
    public async Task Who_has_said_alone_that_it_has_it_is_believed_from_then_on_and_nobody_else()
    {
        places.Report(Reported("host-1", "away", 3));
        Assert.Equal("home", await WhereAsync());
        clock.Advance(VmPlaces.Settling);
        await UntilAsync("away", WhereAsync);

        places.Report(Reported("evil", "thief", 1_000_000));
        places.Report(Reported("host-1", "home", 4));
        Assert.Equal("home", await WhereAsync());
        clock.Advance(VmPlaces.Settling);
        Assert.Equal("home", await WhereAsync());
        Assert.Equal(
            $"not followed: agent evil says that shop-1 is at {servers["thief"].EndPoint}; agent host-1 holds it, and no move of it is "
            + "known to be ordered (1 since the last such line)",
            Assert.Single(lines.Said));
    }

    [Fact]
    public async Task Where_two_agents_say_that_they_have_it_neither_is_followed_until_one_has_it_no_more()
    {
        var evil = Reported("evil", "thief", 1_000_000);
        places.Report(evil);
        places.Report(Reported("host-1", "away", 1, alsoDatabase: true));
        clock.Advance(VmPlaces.Settling);
        await UntilAsync("db away", WhereDatabaseAsync);
        Assert.Equal("home", await WhereAsync());
        Assert.Contains("so does agent evil, and neither is believed", Assert.Single(lines.Said), StringComparison.Ordinal);

        places.Report(evil with { Vms = [] });
        clock.Advance(VmPlaces.Settling);
        await UntilAsync("away", WhereAsync);
    }

    [Fact]
    public async Task An_ordered_move_ends_what_another_has_claimed_with_too_high_a_number()
    {
        places.Report(Reported("evil", "thief", 1_000_000));
        clock.Advance(VmPlaces.Settling);
        // Alone, it was believed.
        await UntilAsync("thief", WhereAsync);
        var order = Order("host-1", "host-2");
        places.Order(order);
        places.Move(Moved(order.RequestId, "host-2", "away", 1));
        Assert.Equal("away", await WhereAsync());
        places.Report(Reported("evil", "thief", 2_000_000));
        Assert.Equal("away", await WhereAsync());
    }

    [Fact]
    public async Task An_answer_to_an_older_order_that_comes_late_or_again_moves_nothing()
    {
        var (first, second) = (Order("host-1", "host-2"), Order("host-2", "host-1") with { At = Noon.AddMinutes(1) });
        places.Order(first);
        places.Order(second);
        places.Move(Moved(first.RequestId, "host-2", "away", 1));
        places.Move(Moved(second.RequestId, "host-1", "home", 2));
        places.Move(Moved(first.RequestId, "host-2", "away", 1));
        places.Report(Reported("host-2", "away", 1));
        Assert.Equal("home", await WhereAsync());
        Assert.Empty(lines.Said);
    }

    [Fact]
    public async Task A_node_that_is_started_again_in_the_middle_of_a_move_follows_the_answer_to_it()
    {
        var order = Order("host-1", "host-2");
        places.Order(order);
        Restart();
        places.Move(Moved(order.RequestId, "evil", "thief", 1));
        Assert.Equal("home", await WhereAsync());
        places.Move(Moved(order.RequestId, "host-2", "away", 1));
        Assert.Equal("away", await WhereAsync());
        Assert.Single(lines.Said);
        // What is answered is remembered no more: an old order moves nothing back after the next start.
        Assert.Empty(folder.GetFiles());
        Restart();
        places.Move(Moved(order.RequestId, "host-2", "home", 2));
        Assert.Equal("away", await WhereAsync());
    }

    [Fact]
    public async Task An_order_that_nobody_waits_for_any_more_is_forgotten()
    {
        var order = Order("host-1", "host-2");
        places.Order(order);
        clock.SetUtcNow(order.AnswerBy.AddHours(1));
        Restart();
        places.Move(Moved(order.RequestId, "host-2", "away", 1));
        Assert.Equal("home", await WhereAsync());
        Assert.Empty(folder.GetFiles());
    }

    [Theory]
    [InlineData("{")]
    [InlineData("[null]")]
    [InlineData("[{}]")]
    public async Task A_file_that_cannot_be_read_is_none(string text)
    {
        await File.WriteAllTextAsync(Path.Combine(folder.FullName, "front.orders.json"), text);
        Restart();
        var order = Order("host-1", "host-2");
        places.Order(order);
        Restart();
        places.Move(Moved(order.RequestId, "host-2", "away", 1));
        Assert.Equal("away", await WhereAsync());
    }

    [Fact]
    public void That_orders_cannot_be_remembered_is_told_once()
    {
        settings = settings with { File = Path.Combine(folder.FullName, "nowhere", "node.yaml") };
        Restart();
        places.Order(Order("host-1", "host-2"));
        places.Order(Order("host-2", "host-1"));
        Assert.StartsWith("moves that are ordered are not remembered over a restart of this node: ", Assert.Single(lines.Said));
    }

    private void Restart() => places = new VmPlaces(settings, proxies, clock, lines);

    private static MigrationStarted Order(string from, string to) => new(
        "dc", Guid.NewGuid(), 0, Guid.NewGuid(), from, "shop-1", $"{from}-1", $"{to}-1", Noon.AddMinutes(1), Noon, to);

    private VmMigrated Moved(Guid request, string agent, string place, int moves) =>
        new("s", request, agent, "shop-1", $"{agent}-1", TimeSpan.Zero, $"{servers[place].EndPoint}", moves);

    private HostReported Reported(string agent, string place, int moves, bool alsoDatabase = false)
    {
        List<HostVm> vms = [Vm("shop-1", place, moves)];
        if (alsoDatabase)
            vms.Add(Vm("db-1", "db away", 1));
        return new HostReported(Guid.NewGuid(), "dc", agent, "process", true, [], vms);

        HostVm Vm(string name, string at, int count) => new(
            name,
            $"{agent}-1",
            Allocation.Of(CpuShare.FromPercent(50), MemorySize.FromMebibytes(256)),
            $"{servers[at].EndPoint}",
            null,
            null,
            count);
    }

    private Task<string> WhereAsync() => AskAsync(proxies.All[0].EndPoint);

    private Task<string> WhereDatabaseAsync() => AskAsync(proxies.All[0].OutProxies[0].Relay.EndPoint);

    private static async Task UntilAsync(string place, Func<Task<string>> where)
    {
        for (var end = DateTime.UtcNow + TimeSpan.FromSeconds(20); await where() != place; await Task.Delay(10))
            Assert.True(DateTime.UtcNow < end, $"nothing goes to {place}");
    }

    private static async Task<string> AskAsync(IPEndPoint at)
    {
        using var client = new HttpClient { BaseAddress = new Uri($"http://{at}") };
        return await client.GetStringAsync("/where");
    }
}
