using System.Net;
using System.Net.Sockets;
using JustRunIt.Events.Hosts;
using JustRunIt.Events.Proxies;
using JustRunIt.ProxyNode.Bus;
using JustRunIt.ProxyNode.Configuration;
using JustRunIt.ProxyNode.Protocols;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace JustRunIt.ProxyNode.Tests;

/// <summary>A node's experiments: each once, one after another, and none that is wanted no more.</summary>
public sealed class ExperimentsTests : IAsyncLifetime
{
    private static readonly ExperimentDurations Long = new(
        TimeSpan.FromMilliseconds(10), TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(1));

    private static readonly ExperimentDurations Short = new(
        TimeSpan.FromMilliseconds(10), TimeSpan.FromMilliseconds(100), TimeSpan.FromMilliseconds(100), TimeSpan.FromMilliseconds(100));

    private readonly FakeTimeProvider clock = new();
    private readonly TcpListener clone = new(IPAddress.Loopback, 0);
    private TierProxies proxies = null!;
    private Bus.Sandboxes sandboxes = null!;
    private Experiments experiments = null!;

    public async Task InitializeAsync()
    {
        clone.Start();
        var (tier, relayed) = (Settings.Tier(Settings.Free), Settings.Tier(Settings.Free));
        relayed = relayed with { Tier = "relayed", Relay = relayed.Relay with { Protocol = ProtocolRegistry.Find("tcp")! } };
        var settings = new NodeSettings("front", TimeSpan.FromSeconds(1), [tier, relayed]);
        proxies = new TierProxies(settings, TimeProvider.System, NullLogger<TierProxies>.Instance);
        await proxies.StartAsync(CancellationToken.None);
        // There is no bus: whoever needs it fails.
        sandboxes = new Bus.Sandboxes(settings, null!, clock);
        experiments = new Experiments(settings, proxies, sandboxes, clock);
    }

    public async Task DisposeAsync()
    {
        await proxies.StopAsync(CancellationToken.None);
        clone.Dispose();
    }

    [Fact]
    public async Task A_repeated_request_gets_the_first_ones_result_as_long_as_that_is_among_the_last_thousand()
    {
        var request = Command() with { Tier = "none" };
        var first = await experiments.RunAsync(request);
        clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(first.From, (await experiments.RunAsync(request)).From);

        for (var i = 0; i < 1000; i++)
            await experiments.RunAsync(request with { RequestId = Guid.NewGuid() });
        Assert.NotEqual(first.From, (await experiments.RunAsync(request)).From);
    }

    [Fact]
    public async Task One_that_failed_for_a_fault_is_tried_anew_when_it_is_asked_for_again()
    {
        var request = Command() with { Tier = "relayed" };
        await Assert.ThrowsAnyAsync<Exception>(() => experiments.RunAsync(request));
        Announce();

        Assert.Equal("protocol tcp is only relayed, and not duplicated", (await experiments.RunAsync(request)).Failure);
    }

    [Fact]
    public async Task One_that_expired_while_it_waited_for_another_does_not_begin()
    {
        Announce();
        var (running, end) = (experiments.RunAsync(Command() with { Durations = Long }), clock.GetUtcNow().AddSeconds(10));
        var waiting = experiments.RunAsync(Command() with { ExpiresAt = end });
        clock.Advance(TimeSpan.FromSeconds(11));
        Assert.False(waiting.IsCompleted);
        await proxies.All[0].StopReplayAsync();

        Assert.Equal("the replay was stopped", (await running).Failure);
        Assert.Equal(Hosting.Messaging.Answers.Expired(end), (await waiting).Failure);
    }

    [Fact]
    public async Task One_whose_clone_was_released_while_it_waited_does_not_begin()
    {
        Announce();
        var running = experiments.RunAsync(Command() with { Durations = Long });
        var waiting = experiments.RunAsync(Command());
        sandboxes.Release("shop", "application");
        await proxies.All[0].StopReplayAsync();

        Assert.Equal("the replay was stopped", (await running).Failure);
        Assert.Equal(sandboxes.Refusal((IPEndPoint)clone.LocalEndpoint), (await waiting).Failure);
    }

    private StartReplay Command() => new("s", Guid.NewGuid(), "front", "shop", "application", $"{clone.LocalEndpoint}", Short);

    private void Announce() => sandboxes.Announce(new VmCloned(
        "s", Guid.NewGuid(), "host-1", "clone", $"{clone.LocalEndpoint}", "process", true, TimeSpan.Zero, TimeSpan.Zero, 0));
}
