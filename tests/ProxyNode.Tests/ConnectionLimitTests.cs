using System.Net;
using System.Net.Sockets;
using JustRunIt.Hosting.Configuration;
using JustRunIt.Infrastructure.Sources;
using JustRunIt.ProxyNode.Configuration;
using JustRunIt.ProxyNode.Relaying;
using JustRunIt.ProxyNode.StandAlone;
using JustRunIt.ProxyNode.Tests.Peers;
using MySqlConnector;
using Npgsql;

namespace JustRunIt.ProxyNode.Tests;

/// <summary>A client for which there is no place is told so in its protocol's words, and the server hears nothing of it.</summary>
public sealed class ConnectionLimitTests : IDisposable
{
    private static readonly ConnectionLimits One = new() { MaxConnections = 1 };
    private static readonly ConnectionLimits OneOfEach = new() { MaxConnectionsPerSource = 1 };

    /// <summary>Takes connections, and never answers.</summary>
    private readonly TcpListener silent = new(IPAddress.Loopback, 0);

    public ConnectionLimitTests() => silent.Start();

    private EndPoint Silent => silent.LocalEndpoint;

    public void Dispose() => silent.Dispose();

    [Theory]
    [InlineData(true, "refused-limit", "maxConnections)")]
    [InlineData(false, "refused-source", "maxConnectionsPerSource)")]
    public async Task An_HTTP_client_gets_503_and_the_end(bool inAll, string reason, string words)
    {
        await using var proxy = Scenes.In("http", Silent, limits: inAll ? One : OneOfEach);
        using var first = await TakePlaceAsync(proxy);
        using var http = new HttpClient();
        using var reply = await http.GetAsync($"http://{proxy.EndPoint}/");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, reply.StatusCode);
        Assert.True(reply.Headers.ConnectionClose);
        Assert.EndsWith(words + "\n", await reply.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        var report = await Scenes.UntilAsync(proxy, report => report.Connections!.Ended[reason] == 1);
        Assert.Equal((2, 1), (report.Connections!.Arrived, report.Connections.Open));
        var counted = $"justrunit_proxy_connections_ended_total{{role=\"in\",protocol=\"http\",reason=\"{reason}\"}} 1\n";
        Assert.Contains(counted, proxy.Metrics(), StringComparison.Ordinal);
        Assert.False(silent.Pending());
        // And once there is a place again it gets one.
        first.Dispose();
        await Scenes.UntilAsync(proxy, report => report.Connections!.Open == 0);
        using var second = await TakePlaceAsync(proxy);
    }

    [Theory]
    [InlineData("Disable")]
    [InlineData("Prefer")]
    public async Task A_PostgreSQL_client_gets_error_53300(string encryption)
    {
        await using var proxy = Scenes.In("postgresql", Silent, limits: One);
        using var first = await TakePlaceAsync(proxy);
        await using var client = new NpgsqlConnection(
            PostgreSqlServer.ConnectionString(proxy.EndPoint, $"Pooling=false;SSL Mode={encryption}", "shop"));
        var error = await Assert.ThrowsAsync<PostgresException>(() => client.OpenAsync());
        Assert.Equal(PostgresErrorCodes.TooManyConnections, error.SqlState);
        Assert.False(silent.Pending());
    }

    [Fact]
    public async Task A_MySQL_client_gets_error_1040()
    {
        await using var proxy = Scenes.In("mysql", Silent, limits: One);
        using var first = await TakePlaceAsync(proxy);
        await using var client = new MySqlConnection(MariaDbServer.ConnectionString(proxy.EndPoint, "Pooling=false"));
        var error = await Assert.ThrowsAsync<MySqlException>(() => client.OpenAsync());
        Assert.Equal(MySqlErrorCode.ConnectionCountError, error.ErrorCode);
    }

    [Theory]
    [InlineData("ajp13")]
    [InlineData("tcp")]
    public async Task A_client_whose_protocol_has_no_words_for_it_gets_the_end(string protocol)
    {
        await using var proxy = Scenes.In(protocol, Silent, limits: One);
        using var first = await TakePlaceAsync(proxy);
        using var second = await RawClient.ConnectAsync(proxy.EndPoint);
        // An AJP13 probe, which anything else takes for bytes.
        await second.SendAsync("\x12\x34\0\x01\x0A");
        await EndAsync(second);
        await Scenes.UntilAsync(proxy, report => report.Connections!.Ended["refused-limit"] == 1);
    }

    [Fact]
    public void A_node_file_has_limits_for_each_relay()
    {
        const string File =
            """
            node: front
            tiers:
              - service: shop
                tier: application
                listen: 127.0.0.1:9101
                upstream: localhost:9001
                maxConnections: 5000
                headTimeout: 10s
                outProxies:
                  - name: data
                    protocol: mysql
                    listen: 127.0.0.1:9102
                    upstream: localhost:9002
                    sandboxListen: 127.0.0.1:9103
                    maxConnectionsPerSource: 50
                    idleTimeout: 1h
                    goneTimeout: 5s
            """;
        var tier = Assert.Single(Settings.FromFile(File, NodeFile.Read).Tiers);
        Assert.Equal(new ConnectionLimits { MaxConnections = 5000, HeadTimeout = TimeSpan.FromSeconds(10) }, tier.Relay.Limits);
        Assert.Equal(
            new ConnectionLimits
            {
                MaxConnectionsPerSource = 50,
                IdleTimeout = TimeSpan.FromHours(1),
                GoneTimeout = TimeSpan.FromSeconds(5),
            },
            Assert.Single(tier.OutProxies).Relay.Limits);
        var error = Assert.Throws<ConfigurationException>(
            () => Settings.FromFile(File.Replace("5000", "0", StringComparison.Ordinal), NodeFile.Read));
        Assert.Contains("maxConnections: '0'; allowed is", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--max-connections", "0")]
    [InlineData("--max-connections-per-source", "many")]
    [InlineData("--gone-timeout", "0s")]
    [InlineData("--head-timeout", "5")]
    public async Task A_limit_that_is_none_is_one_clear_line(string option, string value)
    {
        var (exitCode, _, errors) = await ProxyProcess.RunAsync(
            "proxy", "--role", "in", "--listen", "127.0.0.1:0", "--upstream", "127.0.0.1:1", option, value);
        Assert.Equal(2, exitCode);
        Assert.StartsWith($"command line: {option}: '{value}'; allowed is ", errors, StringComparison.Ordinal);
    }

    private static async Task<RawClient> TakePlaceAsync(StandAloneProxy proxy)
    {
        var client = await RawClient.ConnectAsync(proxy.EndPoint);
        await Scenes.UntilAsync(proxy, report => report.Connections!.Open == 1);
        return client;
    }

    private static async Task EndAsync(RawClient client)
    {
        try
        {
            Assert.Equal("", await client.ReadToEndAsync());
        }
        catch (SocketException)
        {
            // As abrupt as it may be.
        }
    }
}
