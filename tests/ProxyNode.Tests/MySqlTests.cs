using JustRunIt.Infrastructure.Peers;
using JustRunIt.Infrastructure.Sources;
using JustRunIt.ProxyNode.Recording;
using JustRunIt.ProxyNode.Tests.Peers;
using MySqlConnector;

namespace JustRunIt.ProxyNode.Tests;

/// <summary>A MariaDB server, its clone, and what real clients say to them through the proxies.</summary>
[Collection(PeerServers.Name)]
public sealed class MySqlTests(PeerServers servers) : IAsyncLifetime
{
    private MariaDbPair pair = null!;

    private MariaDbServer Original => pair.Original;

    private MariaDbServer Clone => pair.Clone;

    public async Task InitializeAsync()
    {
        pair = await servers.MariaDbAsync();
        foreach (var server in pair.Servers)
        {
            await using var connection = await ConnectAsync(server.EndPoint);
            await ExecuteAsync(
                connection, "CREATE TABLE items (id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(100), price INT) ENGINE=InnoDB");
            await ExecuteAsync(connection, "INSERT INTO items (name, price) VALUES ('a', 1), ('b', 2), ('c', 3)");
        }
    }

    public async Task DisposeAsync() => await pair.DisposeAsync();

    [Fact]
    public async Task Clients_see_through_the_proxy_what_they_see_without()
    {
        await using var proxy = Scenes.In("mysql", Original.EndPoint);
        // The command line client: text protocol, several results, errors, a reply of more than 16 MiB.
        var output = await PeerProcess.RunAsync(
            "mariadb",
            [
                "--no-defaults",
                "-h127.0.0.1",
                $"-P{proxy.EndPoint.Port}",
                "-ushop",
                "-psecret",
                "-N",
                "--force",
                "--max-allowed-packet=64M",
                pair.Database
            ],
            "SELECT name FROM items ORDER BY id; SELECT 1; SELECT LENGTH(REPEAT('x', 1000)); SELECT COUNT(*) FROM items;\nUPDATE items "
                + "SET price = price + 1;\nSELECT SUM(price) FROM items;\nSHOW WARNINGS;\n");
        Assert.Equal("a\nb\nc\n1\n1000\n3\n9\n", output);
        await using var connection = await ConnectAsync(proxy.EndPoint);
        await using (var command = new MySqlCommand("SELECT name FROM items WHERE id > @id ORDER BY id", connection))
        {
            command.Parameters.AddWithValue("@id", 1);
            await command.PrepareAsync();
            Assert.Equal(["b", "c"], await ReadAsync(command));
            command.Parameters[0].Value = 2;
            Assert.Equal(["c"], await ReadAsync(command));
        }

        await using (var command = new MySqlCommand(
            "SELECT 1; SELECT 2; INSERT INTO items (name, price) VALUES ('d', 4); SELECT LAST_INSERT_ID()", connection))
        await using (var reader = await command.ExecuteReaderAsync())
        {
            var results = 0;
            do
            {
                while (await reader.ReadAsync())
                    results++;
            }
            while (await reader.NextResultAsync());
            Assert.Equal(3, results);
        }

        var error = await Assert.ThrowsAsync<MySqlException>(() => ExecuteAsync(connection, "SELECT nothing FROM nowhere"));
        Assert.Equal(MySqlErrorCode.NoSuchTable, error.ErrorCode);
        Assert.True(await connection.PingAsync());
        await Scenes.UntilAsync(proxy, report => report.Live is { Requests: > 10, Errors: >= 1 });
    }

    [Fact]
    public async Task A_large_value_passes_both_ways()
    {
        await using var proxy = Scenes.In("mysql", Original.EndPoint);
        await using var connection = await ConnectAsync(proxy.EndPoint);
        await ExecuteAsync(connection, "SET GLOBAL max_allowed_packet = 1073741824");
        await using var again = await ConnectAsync(proxy.EndPoint, "Pooling=false");
        var value = new byte[20 << 20];
        new Random(1).NextBytes(value);
        await using var command = new MySqlCommand("SELECT @value", again);
        command.Parameters.AddWithValue("@value", value);
        Assert.Equal(value, (byte[])(await command.ExecuteScalarAsync())!);
    }

    [Fact]
    public async Task A_local_file_of_several_packets_is_loaded_and_the_connection_lives()
    {
        await using var proxy = Scenes.In("mysql", Original.EndPoint);
        await using var connection = await ConnectAsync(proxy.EndPoint, "AllowLoadLocalInfile=true");
        var lines = string.Concat(Enumerable.Range(0, 300_000).Select(i => $"{i}\tfrom a file that is long enough\n"));
        using var file = new MemoryStream(System.Text.Encoding.UTF8.GetBytes(lines));
        await ExecuteAsync(connection, "CREATE TABLE loaded (i INT, v VARCHAR(50))");
        var loader = new MySqlBulkLoader(connection) { TableName = "loaded", Local = true, SourceStream = file, LineTerminator = "\n" };
        await loader.LoadAsync();
        Assert.Equal(300_000L, await ScalarAsync(connection, "SELECT COUNT(*) FROM loaded"));
        await using var other = await ConnectAsync(proxy.EndPoint);
        Assert.Equal(3L, await ScalarAsync(other, "SELECT COUNT(*) FROM items"));
    }

    [Fact]
    public async Task Tls_is_negotiated_away()
    {
        await using var proxy = Scenes.In("mysql", Original.EndPoint);
        await using var preferred = new MySqlConnection(ConnectionString(proxy.EndPoint, "SslMode=Preferred;UseCompression=true"));
        await preferred.OpenAsync();
        Assert.Equal(1L, Convert.ToInt64(await ScalarAsync(preferred, "SELECT 1")));
    }

    [Fact]
    public async Task The_clone_gets_the_same_writes_and_prepared_statements_of_its_own_numbers()
    {
        await using var proxy = Scenes.In("mysql", Original.EndPoint, Clone.EndPoint);
        // Other statements are open at the clone, so that its numbers differ.
        await using var connection = await ConnectAsync(proxy.EndPoint);
        await using var first = new MySqlCommand("SELECT id FROM items WHERE name = @name", connection);
        first.Parameters.AddWithValue("@name", "a");
        await first.PrepareAsync();
        await first.ExecuteScalarAsync();
        await using var command = new MySqlCommand("INSERT INTO items (name, price) VALUES (@name, @price)", connection);
        command.Parameters.AddWithValue("@name", "x");
        command.Parameters.AddWithValue("@price", 7);
        await command.PrepareAsync();
        for (var i = 0; i < 20; i++)
            await command.ExecuteNonQueryAsync();
        var report = await Scenes.UntilAsync(proxy, now => now.Sandbox!.Requests >= now.Live!.Requests);
        Assert.Equal(0, report.Sandbox!.Errors);
        Assert.Empty(report.Differences!.Samples);
        Assert.Equal(await DumpAsync(Original), await DumpAsync(Clone));
    }

    [Fact]
    public async Task Concurrent_transactions_leave_the_clone_with_the_same_data()
    {
        await using var proxy = Scenes.In("mysql", Original.EndPoint, Clone.EndPoint);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(client => Task.Run(async () =>
        {
            await using var connection = await ConnectAsync(proxy.EndPoint);
            for (var i = 0; i < 20; i++)
            {
                await using var transaction = await connection.BeginTransactionAsync();
                // Whoever comes later reads what the one before wrote: the order is in the data.
                await ExecuteAsync(
                    connection, $"UPDATE items SET price = (price * 31 + {client * 100 + i}) % 100003 WHERE id = 1", transaction);
                await ScalarAsync(connection, "SELECT price FROM items WHERE id = 1", transaction);
                await ExecuteAsync(connection, $"INSERT INTO items (name, price) SELECT 'n', price FROM items WHERE id = 1", transaction);
                await transaction.CommitAsync();
            }
        })));
        var report = await Scenes.UntilAsync(proxy, now => now.Sandbox!.Requests >= now.Live!.Requests);
        Assert.Equal(0, report.Sandbox!.Errors);
        Assert.Equal(await DumpAsync(Original), await DumpAsync(Clone));
    }

    [Fact]
    public async Task Connector_j_sees_through_the_proxy_what_it_sees_without_and_the_clone_ends_up_the_same()
    {
        var without = await ConnectorJ.RunAsync(Clone.EndPoint, pair.Database);
        await using (var connection = await ConnectAsync(Clone.EndPoint))
            await ExecuteAsync(connection, "DROP TABLE j");
        await using var proxy = Scenes.In("mysql", Original.EndPoint, Clone.EndPoint);
        Assert.Equal(without, await ConnectorJ.RunAsync(proxy.EndPoint, pair.Database));
        await Scenes.UntilAsync(proxy, now => now.Sandbox!.Requests >= now.Live!.Requests);
        const string rows = "SELECT CONCAT_WS('|', id, name) FROM j ORDER BY id";
        Assert.Equal(await DumpAsync(Original, rows), await DumpAsync(Clone, rows));
    }

    [Fact]
    public async Task Numbers_of_rows_inserted_at_the_same_time_are_the_same_at_the_clone()
    {
        await using var proxy = Scenes.In("mysql", Original.EndPoint, Clone.EndPoint);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(client => Task.Run(async () =>
        {
            await using var connection = await ConnectAsync(proxy.EndPoint);
            for (var i = 0; i < 25; i++)
                await ExecuteAsync(connection, $"INSERT INTO items (name, price) VALUES ('{client}-{i}', {i}), ('{client}-{i}b', {i})");
        })));
        await Scenes.UntilAsync(proxy, now => now.Sandbox!.Requests >= now.Live!.Requests);
        Assert.Equal(await DumpAsync(Original), await DumpAsync(Clone));
    }

    [Fact]
    public async Task Deadlocks_leave_the_clone_with_the_same_data()
    {
        await using var proxy = Scenes.In("mysql", Original.EndPoint, Clone.EndPoint);
        var deadlocks = 0;
        await Task.WhenAll(Enumerable.Range(0, 4).Select(client => Task.Run(async () =>
        {
            await using var connection = await ConnectAsync(proxy.EndPoint);
            for (var i = 0; i < 25; i++)
            {
                await using var transaction = await connection.BeginTransactionAsync();
                try
                {
                    // Half of them take the rows in the other order.
                    var (first, second) = client % 2 == 0 ? (1, 2) : (2, 1);
                    await ExecuteAsync(
                        connection, $"UPDATE items SET price = (price * 31 + {client}) % 1009 WHERE id = {first}", transaction);
                    await ExecuteAsync(
                        connection, $"UPDATE items SET price = (price * 37 + {client}) % 1013 WHERE id = {second}", transaction);
                    await transaction.CommitAsync();
                }
                catch (MySqlException e) when (e.ErrorCode == MySqlErrorCode.LockDeadlock)
                {
                    Interlocked.Increment(ref deadlocks);
                }
            }
        })));
        await Scenes.UntilAsync(proxy, now => now.Sandbox!.Requests >= now.Live!.Requests);
        Assert.True(deadlocks > 0);
        Assert.Equal(await DumpAsync(Original), await DumpAsync(Clone));
    }

    [Fact]
    public async Task A_clone_that_wants_another_way_to_log_in_is_an_error_with_its_reason_and_no_harm_on_line()
    {
        foreach (var server in pair.Servers)
        {
            await using var administrator = await ConnectAsync(server.EndPoint, "AllowUserVariables=true");
            await ExecuteAsync(administrator, server == Original
                ? "CREATE OR REPLACE USER other@'%' IDENTIFIED BY 'secret'"
                : "INSTALL SONAME 'auth_ed25519'; CREATE OR REPLACE USER other@'%' IDENTIFIED VIA ed25519 USING PASSWORD('secret')");
        }

        var rules = ServiceRules.None with { Credentials = new Dictionary<string, string> { ["other"] = "secret" } };
        await using var proxy = Scenes.In("mysql", Original.EndPoint, Clone.EndPoint, rules);
        await using (var connection = new MySqlConnection(ConnectionString(proxy.EndPoint, "User ID=other;Database=")))
        {
            await connection.OpenAsync();
            Assert.Equal(1L, Convert.ToInt64(await ScalarAsync(connection, "SELECT 1")));
        }

        var report = await Scenes.UntilAsync(proxy, now => now.Sandbox!.Errors > 0);
        Assert.Equal(0, report.Live!.Errors);
        Assert.Contains("client_ed25519", report.SandboxFailure);
    }

    [Fact]
    public async Task A_client_that_insists_on_tls_gets_an_error_and_the_server_hears_nothing_more()
    {
        await using var proxy = Scenes.In("mysql", Original.EndPoint);
        await using var connection = new MySqlConnection(ConnectionString(proxy.EndPoint, "SslMode=Required"));
        await Assert.ThrowsAsync<MySqlException>(() => connection.OpenAsync());
    }

    [Fact]
    public async Task A_clone_of_the_application_is_answered_from_the_record_and_never_reaches_the_database()
    {
        await using var proxy = Scenes.Out("mysql", Original.EndPoint, ServiceRules.None with
        {
            Wildcards = new WildcardRules { Sql = [WildcardRules.Pattern(@"\d{4}-\d{1,2}-\d{1,2} \d{1,2}:\d{2}:\d{2}")] },
        });
        await SayAsync(proxy.EndPoint, "2026-1-2 3:04:05", "first");
        await Scenes.RecordedAsync(proxy, 5);
        var before = await DumpAsync(Original);
        await SayAsync(proxy.SandboxEndPoint!, "2026-1-2 3:04:07", "first");
        Assert.Equal(before, await DumpAsync(Original));
        var matches = (await proxy.ReportAsync()).Matches!;
        Assert.True(matches is { Missing: 0, Nearest: 0, Wildcard: >= 1, Exact: >= 3 }, $"{matches}");
        await using var clone = await ConnectAsync(proxy.SandboxEndPoint!);
        var error = await Assert.ThrowsAsync<MySqlException>(() => ExecuteAsync(clone, "SELECT something FROM elsewhere"));
        Assert.Contains("on record", error.Message);

        async Task SayAsync(System.Net.IPEndPoint at, string clock, string name)
        {
            await using var connection = await ConnectAsync(at, "Pooling=false");
            await ExecuteAsync(connection, $"INSERT INTO items (name, price) VALUES ('{name} {clock}', 1)");
            await using var command = new MySqlCommand("SELECT name FROM items WHERE id = @id", connection);
            command.Parameters.AddWithValue("@id", 2);
            await command.PrepareAsync();
            Assert.Equal("b", await command.ExecuteScalarAsync());
            command.Parameters[0].Value = 3;
            Assert.Equal("c", await command.ExecuteScalarAsync());
        }
    }

    private string ConnectionString(System.Net.IPEndPoint at, string more = "") => MariaDbServer.ConnectionString(at, more, pair.Database);

    [Fact]
    public async Task A_proxy_that_is_taken_away_ends_no_connection_within_a_transaction()
    {
        await using var proxy = Scenes.In("mysql", Original.EndPoint);
        await using var idle = await ConnectAsync(proxy.EndPoint, "Pooling=false");
        await using var busy = await ConnectAsync(proxy.EndPoint, "Pooling=false");
        await ExecuteAsync(idle, "DO 1");
        var transaction = await busy.BeginTransactionAsync();
        await ExecuteAsync(busy, "INSERT INTO items (name, price) VALUES ('d', 4)", transaction);
        var leaving = proxy.Relay.EndAfterRepliesAsync(CancellationToken.None);
        await Scenes.UntilAsync(proxy, report => report.Connections is { Open: 1 } && report.Connections.Ended["drained"] == 1);
        await Assert.ThrowsAnyAsync<MySqlException>(() => ExecuteAsync(idle, "DO 1"));
        await ExecuteAsync(busy, "INSERT INTO items (name, price) VALUES ('e', 5)", transaction);
        Assert.False(leaving.IsCompleted);
        await transaction.CommitAsync();
        await leaving.WaitAsync(TimeSpan.FromMinutes(5));
        await using var after = await ConnectAsync(Original.EndPoint);
        Assert.Equal(5L, await ScalarAsync(after, "SELECT COUNT(*) FROM items"));
    }

    [Fact]
    public async Task A_proxy_that_is_taken_away_ends_no_connection_that_has_locked_tables()
    {
        await using var proxy = Scenes.In("mysql", Original.EndPoint);
        await using var connection = await ConnectAsync(proxy.EndPoint, "Pooling=false");
        await ExecuteAsync(connection, "LOCK TABLES items WRITE");
        var leaving = proxy.Relay.EndAfterRepliesAsync(CancellationToken.None);
        await ExecuteAsync(connection, "INSERT INTO items (name, price) VALUES ('l', 9)");
        Assert.False(leaving.IsCompleted);
        await ExecuteAsync(connection, "UNLOCK TABLES");
        await leaving.WaitAsync(TimeSpan.FromMinutes(5));
    }

    [Fact]
    public async Task Every_command_is_accounted_for_those_that_no_server_answers_too()
    {
        await using var proxy = Scenes.In("mysql", Original.EndPoint, Clone.EndPoint);
        await using (var connection = await ConnectAsync(proxy.EndPoint, "Pooling=false"))
        {
            for (var i = 1; i <= 3; i++)
            {
                // Closed again when it is disposed of: a command without a reply.
                await using var command = new MySqlCommand("SELECT name FROM items WHERE id = @id", connection);
                command.Parameters.AddWithValue("@id", i);
                await command.PrepareAsync();
                Assert.NotNull(await command.ExecuteScalarAsync());
            }
        }

        // Those that are open end with their connection.
        var report = await Scenes.UntilAsync(
            proxy, report => report is { Duplicates: { Open: 0, Answered: >= 4, Sent: > 0 }, Connections: { Open: 0, Exchanges.Open: 0 } });
        Assert.True(report.Duplicates!.IsConserved, $"{report}");
        Assert.Equal(report.Connections!.Exchanges.Arrived + report.Duplicates.Sent, report.Duplicates.Arrived);
        Assert.Equal((0, null), (report.Duplicates.GivenUp, report.SandboxFailure));
    }

    private async Task<MySqlConnection> ConnectAsync(System.Net.IPEndPoint at, string more = "")
    {
        var connection = new MySqlConnection(ConnectionString(at, more));
        await connection.OpenAsync();
        return connection;
    }

    private static async Task ExecuteAsync(MySqlConnection connection, string sql, MySqlTransaction? transaction = null)
    {
        await using var command = new MySqlCommand(sql, connection, transaction);
        await command.ExecuteNonQueryAsync();
    }

    private static async Task<object?> ScalarAsync(MySqlConnection connection, string sql, MySqlTransaction? transaction = null)
    {
        await using var command = new MySqlCommand(sql, connection, transaction);
        return await command.ExecuteScalarAsync();
    }

    private static async Task<List<string>> ReadAsync(MySqlCommand command)
    {
        var rows = new List<string>();
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
            rows.Add(reader.GetString(0));
        return rows;
    }

    private async Task<string> DumpAsync(
        MariaDbServer server, string rows = "SELECT CONCAT_WS('|', id, name, price) FROM items ORDER BY id")
    {
        await using var connection = await ConnectAsync(server.EndPoint);
        await using var command = new MySqlCommand(rows, connection);
        return string.Join('\n', await ReadAsync(command));
    }
}
