using System.Globalization;
using System.Text.RegularExpressions;
using JustRunIt.Hosting;
using JustRunIt.ProxyNode.StandAlone;
using JustRunIt.ProxyNode.Tests.Peers;

namespace JustRunIt.ProxyNode.Tests;

/// <summary>
/// A node whose file says <c>install</c>, around the addresses of two live nginx servers: a tier and the next one. Its bus is away
/// from its start to its end, for on-line traffic does not wait for a broker. Needs root.
/// </summary>
public sealed partial class NodeInstallTests : IAsyncLifetime
{
    private const int Tier = 8080;
    private const int NextTier = 8081;
    private const int EnoughConnections = 30;

    private InstallScene scene = null!;

    public async Task InitializeAsync() => scene = await InstallScene.StartAsync(Tier, NextTier);

    public async Task DisposeAsync() => await scene.DisposeAsync();

    [Fact]
    public async Task No_request_fails_when_a_node_redirects_its_tiers_addresses_and_takes_that_back_under_load()
    {
        var clients = (
            from host in new[] { scene.Server, scene.Elsewhere }
            from port in new[] { Tier, NextTier }
            from keepsAlive in new[] { true, false }
            select (KeepsAlive: keepsAlive, Transfers: InstallScene.Load(host, port, keepsAlive))).ToList();
        await scene.UntilConnectedAsync(4, Tier, NextTier);
        var node = Node(drain: "30s");
        var errors = node.StandardError.ReadToEndAsync();
        var output = node.StandardOutput.ReadToEndAsync();
        // Connections of this host's clients and of those from elsewhere, to either address.
        await InstallScene.UntilAsync(async () =>
        {
            Assert.False(node.HasExited, node.HasExited ? await errors : "");
            return await RedirectedAsync() is { Count: 4 } redirected && redirected.All(count => count > EnoughConnections);
        });
        InstallScene.Signal(node, InstallScene.Terminate);
        await node.WaitForExitAsync().WaitAsync(InstallScene.Patience);
        foreach (var (keepsAlive, transferring) in clients)
        {
            var transfers = await transferring;
            Assert.Equal(600, transfers.Count);
            Assert.DoesNotContain(transfers, transfer => (transfer[0], transfer[1]) != ("200", "0"));
            // What was open when the node started went on as it was.
            if (keepsAlive)
                Assert.Single(transfers, transfer => transfer[2] != "0");
        }

        Assert.True(node.ExitCode == 0, $"{node.ExitCode}: {await output} {await errors}");
        Assert.Empty((await scene.TablesAsync()).Trim());
    }

    [Fact]
    public async Task A_connection_through_the_node_ends_after_its_reply_when_the_time_to_drain_is_over()
    {
        var node = Node(drain: "500ms");
        await InstallScene.UntilAsync(async () => await RedirectedAsync() is { Count: 4 });
        var transferring = InstallScene.Load(scene.Elsewhere, Tier, keepsAlive: true);
        await InstallScene.UntilAsync(async () => (await RedirectedAsync()).Any(count => count > 0));
        InstallScene.Signal(node, InstallScene.Terminate);
        await node.WaitForExitAsync().WaitAsync(InstallScene.Patience);
        Assert.Empty((await scene.TablesAsync()).Trim());
        // The client connects once more, now to the server itself.
        var transfers = await transferring;
        Assert.DoesNotContain(transfers, transfer => (transfer[0], transfer[1]) != ("200", "0"));
        Assert.Equal(2, transfers.Count(transfer => transfer[2] != "0"));
    }

    private System.Diagnostics.Process Node(string drain)
    {
        const string address = NetworkNamespace.ServerAddress;
        var file = scene.Write("node.yaml", $"""
            node: front
            drain: {drain}
            tiers:
              - service: shop
                tier: application
                listen: {address}:9101
                install: {address}:{Tier}
                upstream: {address}:{Tier}
                outProxies:
                  - name: data
                    listen: {address}:9102
                    install: {address}:{NextTier}
                    upstream: {address}:{NextTier}
                    sandboxListen: 127.0.0.1:9103
            """);
        // Nobody listens there.
        return scene.Start(
            "env",
            $"{EnvironmentVariables.RabbitMq}=amqp://127.0.0.1:5672/",
            $"{EnvironmentVariables.Authority}=none",
            "dotnet",
            typeof(ProxyOptions).Assembly.Location,
            "--config",
            file);
    }

    /// <summary>Connections that each rule has redirected: from elsewhere and of this host, of each address.</summary>
    private async Task<IReadOnlyList<long>> RedirectedAsync() =>
        [.. Counters().Matches(await NetworkNamespace.RunAsync(scene.Server, "nft", "list", "ruleset")).Select(
            counter => long.Parse(counter.Groups[1].ValueSpan, CultureInfo.InvariantCulture))];

    [GeneratedRegex("counter packets ([0-9]+)")]
    private static partial Regex Counters();
}
