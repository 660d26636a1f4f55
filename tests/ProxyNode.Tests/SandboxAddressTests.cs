using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Text;
using JustRunIt.Hosting.Configuration;
using JustRunIt.Infrastructure.Peers;
using JustRunIt.ProxyNode.Configuration;
using JustRunIt.ProxyNode.Protocols;
using JustRunIt.ProxyNode.Sandboxes;
using JustRunIt.ProxyNode.StandAlone;
using JustRunIt.ProxyNode.Tests.Peers;
using MySqlConnector;
using Npgsql;

namespace JustRunIt.ProxyNode.Tests;

/// <summary>Whom an out-proxy answers from its record: the clone, and nobody else.</summary>
[Collection(PeerServers.Name)]
public sealed class SandboxAddressTests(PeerServers servers)
{
    private const string Query = "SELECT 'recorded'";

    [Fact]
    public async Task Of_postgresql_only_who_knows_the_password_of_a_user_that_the_server_has_let_in_is_answered()
    {
        await using var pair = await servers.PostgreSqlAsync();
        await using var proxy = Scenes.Out("postgresql", pair.Original.EndPoint);
        var (open, known) = (proxy.SandboxEndPoint!, "shop");
        // Nothing is on record, and nobody.
        var nothing = await Assert.ThrowsAsync<PostgresException>(() => PostgresAsync(open, known, "secret", pair.Database));
        Assert.Equal("08004", nothing.SqlState);
        // Refused by the server itself: the record learns nothing from it.
        await Assert.ThrowsAsync<PostgresException>(() => PostgresAsync(proxy.EndPoint, "intruder", "secret", pair.Database));
        await Assert.ThrowsAsync<PostgresException>(() => PostgresAsync(proxy.EndPoint, known, "wrong", pair.Database));
        Assert.Equal("recorded", await PostgresAsync(proxy.EndPoint, known, "secret", pair.Database));
        await Scenes.RecordedAsync(proxy, 1);

        foreach (var (user, password) in new[] { ("intruder", "secret"), ("intruder", ""), (known, "wrong"), (known, "secret2") })
        {
            // Npgsql itself refuses to answer without a password.
            var refused = await Assert.ThrowsAnyAsync<NpgsqlException>(() => PostgresAsync(open, user, password, pair.Database));
            Assert.True(password.Length == 0 || refused is PostgresException { SqlState: "28P01" }, $"{refused}");
        }

        Assert.Equal("recorded", await PostgresAsync(open, known, "secret", pair.Database));
        Assert.True((await proxy.ReportAsync()).Refused is { Source: 0, User: >= 1, Password: >= 2 });
    }

    [Fact]
    public async Task Of_mysql_only_who_knows_the_password_of_a_user_that_the_server_has_let_in_is_answered()
    {
        await using var pair = await servers.MariaDbAsync();
        await using var proxy = Scenes.Out("mysql", pair.Original.EndPoint);
        var (open, known) = (proxy.SandboxEndPoint!, "shop");
        await Assert.ThrowsAsync<MySqlException>(() => MySqlAsync(open, known, "secret", pair.Database));
        await Assert.ThrowsAsync<MySqlException>(() => MySqlAsync(proxy.EndPoint, "intruder", "secret", pair.Database));
        await Assert.ThrowsAsync<MySqlException>(() => MySqlAsync(proxy.EndPoint, known, "wrong", pair.Database));
        Assert.Equal("recorded", await MySqlAsync(proxy.EndPoint, known, "secret", pair.Database));
        await Scenes.RecordedAsync(proxy, 2);

        foreach (var (user, password) in new[]
        {
            ("intruder", "secret"), ("intruder", ""), (known, "wrong"), (known, ""), (known, "secret2"),
        })
        {
            var refused = await Assert.ThrowsAsync<MySqlException>(() => MySqlAsync(open, user, password, pair.Database));
            Assert.Equal(MySqlErrorCode.AccessDenied, refused.ErrorCode);
        }

        Assert.Equal("recorded", await MySqlAsync(open, known, "secret", pair.Database));
        Assert.True((await proxy.ReportAsync()).Refused is { Source: 0, User: 2, Password: 3 });
    }

    [Theory]
    [InlineData("http")]
    [InlineData("ajp13")]
    [InlineData("mysql")]
    [InlineData("postgresql")]
    public async Task Another_user_of_this_machine_is_not_answered_and_is_counted(string protocol)
    {
        await using var server = await TestServer.StartAsync(_ => { });
        await using var proxy = Scenes.Out(protocol, server.EndPoint);
        var port = proxy.SandboxEndPoint!.Port;

        // Who connects as somebody else hears nothing: the connection ends at once.
        var script = $"exec 3<>/dev/tcp/127.0.0.1/{port}; printf x >&3; timeout 20 cat <&3 | wc -c";
        Assert.Equal("0\n", await PeerProcess.RunAsync("setpriv", ["--reuid=65534", "--clear-groups", "bash", "-c", script]));
        await Scenes.UntilAsync(proxy, report => report.Refused!.Source == 1);
    }

    [Fact]
    public async Task Nor_is_one_who_comes_from_an_address_that_this_machine_has_in_a_network_of_clones()
    {
        // As the host's end of a sandbox's network is: no address of the loopback device, and not the one that is connected to.
        var own = NetworkInterface.GetAllNetworkInterfaces()
            .SelectMany(device => device.GetIPProperties().UnicastAddresses.Select(address => address.Address))
            .First(address => address.AddressFamily == AddressFamily.InterNetwork && !IPAddress.IsLoopback(address));
        await using var server = await TestServer.StartAsync(_ => { });
        await using var proxy = StandAloneProxy.Start(
            new ProxyOptions
            {
                Role = ProxyRole.Out,
                Protocol = ProtocolRegistry.Find("http")!,
                Listen = Settings.Free,
                Upstream = Settings.Of(server.EndPoint),
                Sandbox = Settings.Free,
                Clients = SandboxClients.Parse([$"{own}"], out _)!,
            },
            TimeProvider.System);
        var ask = $"curl -s -o /dev/null -w '%{{http_code}}' --interface {own} http://{proxy.SandboxEndPoint}/ || true";

        Assert.Equal("000", await PeerProcess.RunAsync("setpriv", ["--reuid=65534", "--clear-groups", "bash", "-c", ask]));
        Assert.Equal(1, (await proxy.ReportAsync()).Refused!.Source);
        // Root, who could read the record anyway, is told that nothing is on it.
        Assert.Equal("502", await PeerProcess.RunAsync("bash", ["-c", ask]));
    }

    [Fact]
    public async Task An_address_of_no_clone_is_not_answered_and_the_clones_own_is()
    {
        await using var server = await TestServer.StartAsync(_ => { });
        SandboxClients Of(params string[] words) => SandboxClients.Parse(words, out _)!;
        foreach (var (clients, isAnswered) in new[] { (Of("10.9.9.9"), false), (Of("10.0.0.0/16"), false), (Of("127.0.0.1"), true) })
        {
            await using var proxy = StandAloneProxy.Start(
                new ProxyOptions
                {
                    Role = ProxyRole.Out,
                    Protocol = ProtocolRegistry.Find("http")!,
                    Listen = Settings.Free,
                    Upstream = Settings.Of(server.EndPoint),
                    Sandbox = new IPEndPoint(IPAddress.Any, 0),
                    Clients = clients,
                },
                TimeProvider.System);
            using var clone = new TcpClient();
            await clone.ConnectAsync(IPAddress.Loopback, proxy.SandboxEndPoint!.Port);
            await clone.GetStream().WriteAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n"u8.ToArray());
            var reply = await ReadAsync(clone.GetStream());
            Assert.Equal(isAnswered, reply.StartsWith("HTTP/1.1 ", StringComparison.Ordinal));
            Assert.Equal(isAnswered ? 0 : 1, (await proxy.ReportAsync()).Refused!.Source);
        }
    }

    [Theory]
    [InlineData("--role out --sandbox 0.0.0.0:9103", "command line: --sandbox: '0.0.0.0:9103'; allowed is a loopback address, such as "
        + "127.0.0.1:9103, or another one with --clone")]
    [InlineData("--role out --sandbox 0.0.0.0:9103 --clone 0.0.0.0/0", "command line: --clone: '0.0.0.0/0'; allowed is addresses and ")]
    [InlineData("--role out --sandbox 0.0.0.0:9103 --clone user:no-such-user", "command line: --clone: 'user:no-such-user'; allowed is ")]
    [InlineData("--role in --sandbox 10.0.0.1:9103 --clone 10.0.0.1", "command line: --clone: '10.0.0.1'; allowed is none without --role "
        + "out")]
    public async Task An_address_that_everybody_reaches_is_refused_without_a_word_about_who_may_come(string arguments, string error)
    {
        var (exitCode, _, errors) = await ProxyProcess.RunAsync(
            ["proxy", "--listen", "127.0.0.1:0", "--upstream", "127.0.0.1:1", .. arguments.Split(' ')]);

        Assert.Equal(2, exitCode);
        Assert.StartsWith(error, errors, StringComparison.Ordinal);
        Assert.Equal(1, errors.Count(c => c == '\n'));
    }

    [Theory]
    [InlineData("", "sandboxListen: '10.0.0.5:9103'; allowed is a loopback address, such as 127.0.0.1:9103, or another one together with "
        + "sandboxClients")]
    [InlineData(", sandboxClients: [10.213.0.0/8]", "sandboxClients[0]: '10.213.0.0/8'; allowed is addresses and networks of clones")]
    [InlineData(", sandboxClients: [somewhere]", "sandboxClients[0]: 'somewhere'; allowed is addresses and networks of clones")]
    public void So_it_is_of_a_node(string more, string error)
    {
        var problem = Assert.Throws<ConfigurationException>(() => Read(more));

        Assert.Contains(error, problem.Message, StringComparison.Ordinal);
        Assert.True(Read(", sandboxClients: [10.213.0.0/16, \"user:root\"]").Tiers[0].OutProxies[0].HasClients);

        static NodeSettings Read(string more) => Settings.FromFile(
            $$"""
            node: front
            tiers:
              - service: shop
                tier: application
                listen: 127.0.0.1:9101
                upstream: 127.0.0.1:9001
                outProxies:
                  - { name: data, listen: "127.0.0.1:9102", upstream: "127.0.0.1:9002", sandboxListen: "10.0.0.5:9103"{{more}} }
            """,
            NodeFile.Read);
    }

    private static async Task<string> ReadAsync(NetworkStream stream)
    {
        var buffer = new byte[64];
        try
        {
            return Encoding.Latin1.GetString(buffer, 0, await stream.ReadAsync(buffer));
        }
        catch (IOException)
        {
            // Reset, because it was closed with what we said unread.
            return "";
        }
    }

    private static async Task<object?> PostgresAsync(IPEndPoint at, string user, string password, string database)
    {
        await using var connection = new NpgsqlConnection(
            $"Host={at.Address};Port={at.Port};Username={user};Password={password};Database={database};Pooling=false;"
            + "Server Compatibility Mode=NoTypeLoading");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(Query, connection);
        return await command.ExecuteScalarAsync();
    }

    private static async Task<object?> MySqlAsync(IPEndPoint at, string user, string password, string database)
    {
        await using var connection = new MySqlConnection(
            $"Server={at.Address};Port={at.Port};User ID={user};Password={password};Database={database};SslMode=None;Pooling=false");
        await connection.OpenAsync();
        await using var command = new MySqlCommand(Query, connection);
        return await command.ExecuteScalarAsync();
    }
}
