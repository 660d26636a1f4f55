using System.Net;
using System.Net.Sockets;
using System.Text;
using JustRunIt.Infrastructure;
using JustRunIt.Infrastructure.Peers;
using JustRunIt.Infrastructure.Sources;
using JustRunIt.ProxyNode.Tests.Peers;
using Microsoft.AspNetCore.Builder;
using MySqlConnector;
using Npgsql;

namespace JustRunIt.ProxyNode.Tests;

/// <summary>The server behind a proxy is where it was said to be: at an address, a name, or a Unix socket.</summary>
[Collection(PeerServers.Name)]
public sealed class ServerAddressTests(PeerServers servers)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    [Theory]
    [InlineData("http")]
    [InlineData("tcp")]
    public async Task A_server_is_reached_by_its_name_at_whichever_of_its_addresses_answers(string protocol)
    {
        // It listens at the IPv4 address only, which need not be the first that the name stands for.
        await using var server = await TestServer.StartAsync(application => application.MapGet("/", () => "here"));
        await using var proxy = Scenes.In(protocol, new DnsEndPoint("localhost", server.EndPoint.Port));
        Assert.Equal("here", await AskAsync(proxy.EndPoint));
    }

    [Fact]
    public async Task Behind_an_unknown_name_or_a_socket_that_is_none_is_a_bad_gateway()
    {
        foreach (var server in new EndPoint[] { new DnsEndPoint(
            "nowhere.invalid", 80), new UnixDomainSocketEndPoint($"/tmp/{Guid.NewGuid():N}") })
        {
            await using var proxy = Scenes.In("http", server);
            using var http = new HttpClient { Timeout = Patience };
            using var reply = await http.GetAsync($"http://{proxy.EndPoint}/");
            Assert.Equal(HttpStatusCode.BadGateway, reply.StatusCode);
            await Scenes.UntilAsync(proxy, report => report.Live!.Errors == 1);
        }
    }

    [Fact]
    public async Task A_Unix_socket_whose_queue_is_full_is_waited_for_as_an_address_would_be()
    {
        var path = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}");
        using var server = UnixSocket();
        server.Bind(new UnixDomainSocketEndPoint(path));
        var queued = new List<Socket>();
        try
        {
            server.Listen(1);
            for (var isFull = false; !isFull;)
            {
                var other = UnixSocket();
                other.Blocking = false;
                queued.Add(other);
                try
                {
                    await other.ConnectAsync(new UnixDomainSocketEndPoint(path)).WaitAsync(TimeSpan.FromMilliseconds(200));
                }
                catch (Exception e) when (e is SocketException or TimeoutException)
                {
                    isFull = true;
                }
            }

            await using var proxy = Scenes.In("http", new UnixDomainSocketEndPoint(path));
            var asked = AskAsync(proxy.EndPoint);
            await Task.Delay(100);
            Assert.False(asked.IsCompleted);
            using var stop = new CancellationTokenSource(Patience);
            var serving = ServeAsync(server, stop.Token);
            Assert.Equal("at last", await asked);
            await stop.CancelAsync();
            await serving;
        }
        finally
        {
            queued.ForEach(other => other.Dispose());
            File.Delete(path);
        }
    }

    [Fact]
    public async Task MariaDB_is_relayed_by_its_Unix_socket_and_repeated_at_a_clone()
    {
        // A server of its own: a shared one may be behind a network, out of reach of its Unix socket.
        await using var original = await LocalMariaDb.StartAsync();
        await using var shared = await servers.MariaDbAsync();
        await using var proxy = Scenes.In("mysql", original.UnixSocket, shared.Clone.EndPoint);
        await LocalMariaDb.ExecuteAsync(
            MariaDbServer.ConnectionString(original.EndPoint), $"CREATE DATABASE {shared.Database}", CancellationToken.None);
        await using (var connection = new MySqlConnection(MariaDbServer.ConnectionString(proxy.EndPoint, database: shared.Database)))
        {
            await connection.OpenAsync();
            await using var command = new MySqlCommand("SELECT SUBSTRING_INDEX(USER(), '@', -1)", connection);
            Assert.Equal("localhost", await command.ExecuteScalarAsync());
        }

        await Scenes.UntilAsync(proxy, report => report is { Sandbox: { Requests: > 0, Errors: 0 }, Live.Errors: 0 });
    }

    [Fact]
    public async Task PostgreSQL_is_relayed_by_its_Unix_socket_and_repeated_at_a_clone()
    {
        await using var original = await LocalPostgreSql.StartAsync();
        await using var shared = await servers.PostgreSqlAsync();
        await using var proxy = Scenes.In("postgresql", original.UnixSocket, shared.Clone.EndPoint);
        await LocalPostgreSql.ExecuteAsync(
            PostgreSqlServer.ConnectionString(
                original.EndPoint, "Pooling=false"), $"CREATE DATABASE {shared.Database}", CancellationToken.None);
        var settings = PostgreSqlServer.ConnectionString(proxy.EndPoint, "Pooling=false", shared.Database);
        await using (var connection = new NpgsqlConnection(settings))
        {
            await connection.OpenAsync();
            await using var command = new NpgsqlCommand("SELECT inet_client_addr()::text", connection);
            Assert.Equal(DBNull.Value, await command.ExecuteScalarAsync());
        }

        await Scenes.UntilAsync(proxy, report => report is { Sandbox: { Requests: > 0, Errors: 0 }, Live.Errors: 0 });
    }

    private static Socket UnixSocket() => new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);

    private static async Task<string> AskAsync(IPEndPoint proxy)
    {
        using var http = new HttpClient { Timeout = Patience };
        return await http.GetStringAsync($"http://{proxy}/");
    }

    /// <summary>Answers whoever asks, and takes those that only fill the queue.</summary>
    private static async Task ServeAsync(Socket server, CancellationToken stop)
    {
        var clients = new List<Socket>();
        try
        {
            while (true)
            {
                var client = await server.AcceptAsync(stop);
                clients.Add(client);
                _ = AnswerAsync(client);
            }
        }
        catch (OperationCanceledException)
        {
            // Asked enough.
        }
        finally
        {
            clients.ForEach(client => client.Dispose());
        }

        static async Task AnswerAsync(Socket client)
        {
            if (await client.ReceiveAsync(new byte[4096]) > 0)
                await client.SendAsync(Encoding.ASCII.GetBytes("HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nat last"));
        }
    }
}
