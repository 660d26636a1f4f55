using System.Net;
using System.Net.Sockets;
using System.Text;
using JustRunIt.Events.Explorations;
using JustRunIt.Events.Proxies;
using JustRunIt.Hosting.Configuration;
using JustRunIt.Infrastructure;
using JustRunIt.ProxyNode.Configuration;
using JustRunIt.ProxyNode.Protocols;
using JustRunIt.ProxyNode.Tests.Peers;
using JustRunIt.ProxyNode.Tracing;
using Microsoft.AspNetCore.Builder;

namespace JustRunIt.ProxyNode.Tests;

/// <summary>
/// Of a protocol that is only relayed nothing is opened for a clone, recorded, measured or duplicated; who asks for it is told.
/// </summary>
public sealed class RelayOnlyTests
{
    private static readonly ExperimentDurations Durations = new(
        TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(10), TimeSpan.FromMinutes(10));

    [Fact]
    public async Task An_out_proxy_relays_and_has_no_place_for_a_clone()
    {
        await using var server = await TestServer.StartAsync(application => application.MapGet("/", () => "next"));
        var sandbox = new IPEndPoint(IPAddress.Loopback, FreePorts.Next());
        var next = Settings.OutProxy(server.EndPoint) with { SandboxListen = sandbox };
        await using var proxy = await TierProxy.StartAsync(
            Settings.Tier(server.EndPoint) with { OutProxies = [next with { Relay = OfTcp(next.Relay) }] }, TimeProvider.System);
        var outProxy = Assert.Single(proxy.OutProxies);
        Assert.Null(outProxy.SandboxEndPoint!);
        Assert.Null(outProxy.Recorded);
        using var http = new HttpClient();
        Assert.Equal("next", await http.GetStringAsync($"http://{outProxy.Relay.EndPoint}/"));
        using var clone = new TcpClient();
        await Assert.ThrowsAsync<SocketException>(() => clone.ConnectAsync(sandbox));
    }

    [Fact]
    public async Task An_in_proxy_relays_and_states_nothing_about_requests()
    {
        await using var server = await TestServer.StartAsync(application => application.MapGet("/", () => "here"));
        var tier = Settings.Tier(server.EndPoint);
        await using var proxy = await TierProxy.StartAsync(tier with { Relay = OfTcp(tier.Relay) }, TimeProvider.System);
        using var http = new HttpClient();
        Assert.Equal("here", await http.GetStringAsync($"http://{proxy.EndPoint}/"));
        Assert.Null(proxy.ResponseTimes);
        await using var standAlone = Scenes.In("tcp", server.EndPoint);
        var (report, metrics) = (await standAlone.ReportAsync(), standAlone.Metrics());
        Assert.Null(report.Live);
        Assert.Null(report.Record);
        Assert.DoesNotContain("side=\"live\"", metrics, StringComparison.Ordinal);
        Assert.Contains("justrunit_proxy_connections", metrics, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_experiment_ends_at_once_with_the_reason()
    {
        await using var server = await TestServer.StartAsync(application => application.MapGet("/", () => "here"));
        var tier = Settings.Tier(server.EndPoint);
        await using var proxy = await TierProxy.StartAsync(tier with { Relay = OfTcp(tier.Relay) }, TimeProvider.System);
        // It would take twenty minutes.
        var result = await proxy.RunExperimentAsync(server.EndPoint, Durations, CancellationToken.None).WaitAsync(TimeSpan.FromMinutes(1));
        Assert.Equal("protocol tcp is only relayed, and not duplicated", result.Failure);
    }

    [Theory]
    [InlineData("sandboxListen: \"127.0.0.1:9103\"", ":5: tiers[0].outProxies[0].sandboxListen: '127.0.0.1:9103'")]
    [InlineData("vm: next", null)]
    public void A_node_file_that_asks_for_a_clones_listener_is_refused(string field, string? error) => Check(
        $$"""
        node: front
        tiers:
          - { service: shop, tier: application, listen: "127.0.0.1:9101", upstream: "localhost:9001",
              outProxies: [
                { name: data, protocol: tcp, listen: "127.0.0.1:9102", upstream: "127.0.0.1:9002", {{field}} } ] }
        """,
        error);

    [Theory]
    [InlineData("wildcards: { headers: [x-request-id] }", "wildcards: a group of fields")]
    [InlineData("replies: [a]", "replies: a list")]
    [InlineData("identities: [(a)]", "identities: a list")]
    [InlineData("credentials: [ { user: a, password: b } ]", "credentials: a list")]
    [InlineData("sessions: { by: connection }", "sessions: a group of fields")]
    [InlineData("memoryMiB: 16", "memoryMiB: '16'")]
    [InlineData("headTimeout: 5s", "headTimeout: '5s'")]
    [InlineData("goneTimeout: 5s", null)]
    [InlineData("maxConnections: 5", null)]
    [InlineData("vm: application", null)]
    public void A_node_file_with_rules_for_what_is_not_understood_is_refused(string field, string? error) => Check(
        $$"""
        node: front
        tiers:
          - { service: shop, tier: application, protocol: tcp, listen: "127.0.0.1:9101", upstream: "localhost:9001",
              {{field}} }
        """,
        error is null ? null : $":4: tiers[0].{error}");

    [Fact]
    public void Rules_of_an_out_proxy_that_understands_stand_beside_an_in_proxy_that_does_not()
    {
        const string Mixed =
            """
            node: front
            tiers:
              - service: shop
                tier: application
                protocol: tcp
                listen: 127.0.0.1:9101
                upstream: localhost:9001
                outProxies: [ { name: data, protocol: mysql, listen: "127.0.0.1:9102", upstream: "a:2", sandboxListen: "127.0.0.1:9103" } ]
                RULES
            """;
        Check(Mixed.Replace("RULES", "wildcards: { sql: [a] }", StringComparison.Ordinal), error: null);
        Check(Mixed.Replace("RULES", "sessions: { by: identity }", StringComparison.Ordinal), ":9: tiers[0].sessions: a group of fields");
    }

    [Theory]
    [InlineData("in", "--sandbox 127.0.0.1:2")]
    [InlineData("out", "--sandbox 127.0.0.1:2")]
    [InlineData("in", "--time-shift 2s")]
    [InlineData("in", "--speed 0.5")]
    [InlineData("in", "--hold 30s")]
    [InlineData("in", "--record /tmp/trace")]
    [InlineData("in", "--record-limit 5")]
    [InlineData("out", "--peer 127.0.0.1:3")]
    [InlineData("in", "--rules /tmp/rules")]
    [InlineData("out", "--memory 5")]
    [InlineData("in", "--head-timeout 5s")]
    public async Task A_command_line_that_asks_for_more_than_relaying_is_refused(string role, string asked)
    {
        string[] arguments = ["proxy", "--role", role, "--listen", "127.0.0.1:0", "--upstream", "127.0.0.1:1", "--protocol", "tcp"];
        var (exitCode, output, errors) = await ProxyProcess.RunAsync([.. arguments, .. asked.Split(' ')]);
        var (name, value) = (asked.Split(' ')[0], asked.Split(' ')[1]);
        Assert.Equal(
            (2, "", $"command line: {name}: '{value}'; allowed is none where protocol tcp is only relayed\n"), (exitCode, output, errors));
    }

    [Theory]
    [InlineData("tcp")]
    [InlineData("mysql")]
    public async Task A_trace_of_what_is_not_recorded_is_no_trace(string protocol)
    {
        var file = Path.GetTempFileName();
        try
        {
            await using (var writer = new BinaryWriter(File.OpenWrite(file), Encoding.UTF8))
                TraceFormat.WriteHead(writer, protocol, DateTimeOffset.UnixEpoch);
            var (exitCode, _, errors) = await ProxyProcess.RunAsync("replay", "--trace", file, "--to", "127.0.0.1:1");
            Assert.Equal(2, exitCode);
            Assert.Contains($"is a trace of protocol '{protocol}'; known are http, ajp13", errors, StringComparison.Ordinal);
            (exitCode, _, errors) = await ProxyProcess.RunAsync("replay", "--trace", file, "--to", "127.0.0.1:1", "--protocol", protocol);
            Assert.Equal((2, $"command line: --protocol: '{protocol}'; allowed is http, ajp13\n"), (exitCode, errors));
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static RelaySettings OfTcp(RelaySettings relay) => relay with { Protocol = ProtocolRegistry.Find("tcp")! };

    private static void Check(string file, string? error)
    {
        if (error is null)
        {
            Assert.NotEmpty(Settings.FromFile(file, NodeFile.Read).Tiers);
            return;
        }

        var message = Assert.Throws<ConfigurationException>(() => Settings.FromFile(file, NodeFile.Read)).Message;
        Assert.EndsWith($"{error}; allowed is none where protocol tcp is only relayed", message, StringComparison.Ordinal);
    }
}
