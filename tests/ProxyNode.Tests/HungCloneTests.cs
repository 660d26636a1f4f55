using JustRunIt.Infrastructure.Peers;
using JustRunIt.Infrastructure.Sources;
using JustRunIt.ProxyNode.Tests.Peers;
using MySqlConnector;

namespace JustRunIt.ProxyNode.Tests;

/// <summary>A session of MySQL that hangs at the clone, or is not repeated there, while all others go on.</summary>
[Collection(PeerServers.Name)]
public sealed class HungCloneTests(PeerServers servers) : IAsyncLifetime
{
    private MariaDbPair pair = null!;

    public async Task InitializeAsync()
    {
        pair = await servers.MariaDbAsync();
        foreach (var server in pair.Servers)
        {
            await using var connection = await ConnectAsync(server.EndPoint);
            await ExecuteAsync(connection, "CREATE TABLE items (id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(20)) ENGINE=InnoDB");
        }
    }

    public async Task DisposeAsync() => await pair.DisposeAsync();

    [Fact]
    public async Task Whatever_came_after_it_in_the_session_is_given_up_and_nobody_else_waits()
    {
        await using var holder = await ConnectAsync(pair.Clone.EndPoint);
        await ExecuteAsync(holder, $"SELECT GET_LOCK('{pair.Database}', 0)");
        await using var proxy = Scenes.In(
            "mysql", pair.Original.EndPoint, pair.Clone.EndPoint, Scenes.Credentials with { AnswerLimit = TimeSpan.FromSeconds(1) });
        await using var hung = await ConnectAsync(proxy.EndPoint);
        await ExecuteAsync(hung, $"SELECT GET_LOCK('{pair.Database}', 3600)");
        for (var i = 0; i < 10; i++)
            await ExecuteAsync(hung, "INSERT INTO items (name) VALUES ('behind')");
        await using var other = await ConnectAsync(proxy.EndPoint);
        for (var i = 0; i < 10; i++)
            await ExecuteAsync(other, "INSERT INTO items (name) VALUES ('other')");
        await Scenes.UntilAsync(proxy, now => now.GivenUp!.GetValueOrDefault("overdue")?.Count >= 11);
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(3));
        await using var observer = await ConnectAsync(pair.Clone.EndPoint);
        await using var names = new MySqlCommand("SELECT COALESCE(GROUP_CONCAT(name), '') FROM items", observer);
        while ((string?)await names.ExecuteScalarAsync() != string.Join(',', Enumerable.Repeat("other", 10)))
        {
            Assert.False(patience.IsCancellationRequested);
            await Task.Delay(20, CancellationToken.None);
        }
    }

    [Fact]
    public async Task A_connection_that_reads_the_binary_log_is_relayed_and_not_repeated()
    {
        await using var proxy = Scenes.In("mysql", pair.Original.EndPoint, pair.Clone.EndPoint);
        // It says what replicas say; a server without such a log answers with an error.
        await Record.ExceptionAsync(() => PeerProcess.RunAsync(
            "mariadb-binlog",
            [
                "--read-from-remote-server", $"--host={proxy.EndPoint.Address}", $"--port={proxy.EndPoint.Port}", "--protocol=tcp",
                "--user=shop", "--password=secret", "log.000001",
            ]));
        await using var other = await ConnectAsync(proxy.EndPoint);
        await ExecuteAsync(other, "INSERT INTO items (name) VALUES ('other')");
        var report = await Scenes.UntilAsync(proxy, now => now.GivenUp!.ContainsKey("stream") && now.Sandbox!.Requests > 0);
        Assert.NotEmpty(report.GivenUp!["stream"].Samples);
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(3));
        await using var observer = await ConnectAsync(pair.Clone.EndPoint);
        await using var count = new MySqlCommand("SELECT COUNT(*) FROM items", observer);
        while (Convert.ToInt32(await count.ExecuteScalarAsync()) != 1)
        {
            Assert.False(patience.IsCancellationRequested);
            await Task.Delay(20, CancellationToken.None);
        }
    }

    private async Task<MySqlConnection> ConnectAsync(System.Net.IPEndPoint at)
    {
        var connection = new MySqlConnection(MariaDbServer.ConnectionString(at, "Pooling=false", pair.Database));
        await connection.OpenAsync();
        return connection;
    }

    private static async Task ExecuteAsync(MySqlConnection connection, string sql)
    {
        await using var command = new MySqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }
}
