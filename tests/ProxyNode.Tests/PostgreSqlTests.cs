using JustRunIt.Infrastructure.Peers;
using JustRunIt.Infrastructure.Sources;
using JustRunIt.ProxyNode.Recording;
using JustRunIt.ProxyNode.Tests.Peers;
using Npgsql;

namespace JustRunIt.ProxyNode.Tests;

/// <summary>A PostgreSQL server, its clone, and what real clients say to them through the proxies.</summary>
[Collection(PeerServers.Name)]
public sealed class PostgreSqlTests(PeerServers servers) : IAsyncLifetime
{
    private const string Table = """
        CREATE TABLE items (id INT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name TEXT, price INT);
        INSERT INTO items (name, price) VALUES ('a', 1), ('b', 2), ('c', 3)
        """;

    private PostgreSqlPair pair = null!;

    private PostgreSqlServer Original => pair.Original;

    private PostgreSqlServer Clone => pair.Clone;

    public async Task InitializeAsync()
    {
        pair = await servers.PostgreSqlAsync();
        foreach (var server in pair.Servers)
        {
            await using var connection = await ConnectAsync(server.EndPoint);
            await ExecuteAsync(connection, Table);
        }
    }

    public async Task DisposeAsync() => await pair.DisposeAsync();

    [Fact]
    public async Task Clients_see_through_the_proxy_what_they_see_without()
    {
        await using var proxy = Scenes.In("postgresql", Original.EndPoint);
        var output = await PeerProcess.RunAsync(
            "psql",
            [$"{At(proxy.EndPoint)} sslmode=prefer", "-qAt"],
            "SELECT name FROM items ORDER BY id;\nSELECT 1; SELECT 2;\n\\copy items (name, price) FROM STDIN\nx\t10\ny\t20\n\\.\n\\copy "
                + "(SELECT name FROM items WHERE price >= 10 ORDER BY id) TO STDOUT\nSELECT nothing;\nSELECT COUNT(*) FROM items;\n");
        Assert.Equal("a\nb\nc\n1\n2\nx\ny\n5\n", output);
        await using var connection = await ConnectAsync(proxy.EndPoint);
        await using var command = new NpgsqlCommand("SELECT name FROM items WHERE id > $1 ORDER BY id LIMIT 2", connection)
        { Parameters = { new() { Value = 1 } } };
        await command.PrepareAsync();
        Assert.Equal(["b", "c"], await ReadAsync(command));
        await using (var batch = new NpgsqlBatch(connection) { BatchCommands = { new("SELECT 1"), new("SELECT 2") } })
        await using (var reader = await batch.ExecuteReaderAsync())
            Assert.True(await reader.ReadAsync() && await reader.NextResultAsync() && await reader.ReadAsync());
        var error = await Assert.ThrowsAsync<PostgresException>(() => ExecuteAsync(connection, "SELECT * FROM nowhere"));
        Assert.Equal("42P01", error.SqlState);
        await Scenes.UntilAsync(proxy, report => report.Live is { Requests: > 8, Errors: >= 2 });
    }

    [Fact]
    public async Task A_cancel_request_reaches_the_server()
    {
        await using var proxy = Scenes.In("postgresql", Original.EndPoint);
        await using var connection = await ConnectAsync(proxy.EndPoint);
        await using var command = new NpgsqlCommand("SELECT pg_sleep(120)", connection);
        var running = command.ExecuteNonQueryAsync();
        await using var observer = await ConnectAsync(Original.EndPoint, "Pooling=false");
        await using var sleeping = new NpgsqlCommand(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'", observer);
        while (await sleeping.ExecuteScalarAsync() is 0L)
            await Task.Delay(20);
        command.Cancel();
        var error = await Assert.ThrowsAnyAsync<Exception>(() => running);
        Assert.Contains("57014", (error as PostgresException ?? error.InnerException as PostgresException)?.SqlState ?? error.ToString());
    }

    [Fact]
    public async Task Concurrent_transactions_copies_and_prepared_statements_leave_the_clone_with_the_same_data()
    {
        await using var proxy = Scenes.In("postgresql", Original.EndPoint, Clone.EndPoint);
        await Task.WhenAll(Enumerable.Range(0, 6).Select(client => Task.Run(async () =>
        {
            await using var connection = await ConnectAsync(proxy.EndPoint);
            await using var update = new NpgsqlCommand(
                "UPDATE items SET price = (price * 31 + $1) % 100003 WHERE id = 1",
                connection)
            { Parameters = { new() { Value = client } } };
            await update.PrepareAsync();
            for (var i = 0; i < 15; i++)
            {
                await using var transaction = await connection.BeginTransactionAsync();
                await update.ExecuteNonQueryAsync();
                await ExecuteAsync(connection, "INSERT INTO items (name, price) SELECT 'n', price FROM items WHERE id = 1");
                await transaction.CommitAsync();
            }

            await using var writer = await connection.BeginBinaryImportAsync("COPY items (name, price) FROM STDIN (FORMAT BINARY)");
            await writer.WriteRowAsync(default, $"copied {client}", client);
            await writer.CompleteAsync();
        })));
        var report = await Scenes.UntilAsync(proxy, now => now.Sandbox!.Requests >= now.Live!.Requests);
        Assert.Equal(0, report.Sandbox!.Errors);
        Assert.Equal(await DumpAsync(Original), await DumpAsync(Clone));
    }

    [Theory]
    [InlineData("simple")]
    [InlineData("extended")]
    [InlineData("prepared")]
    public async Task Pgbench_leaves_the_clone_with_the_same_balances(string mode)
    {
        foreach (var server in pair.Servers)
            await PeerProcess.RunAsync("pgbench", ["-q", "-i", At(server.EndPoint)]);
        await using var proxy = Scenes.In("postgresql", Original.EndPoint, Clone.EndPoint);
        var said = await PeerProcess.RunAsync("pgbench", ["-M", mode, "-n", "-c", "4", "-t", "25", At(proxy.EndPoint)]);
        Assert.Contains("100/100", said);
        var report = await Scenes.UntilAsync(proxy, now => now.Sandbox!.Requests >= now.Live!.Requests);
        Assert.Equal(0, report.Sandbox!.Errors);
        const string balances = "SELECT concat_ws('|', (SELECT sum(abalance * aid) FROM pgbench_accounts), (SELECT "
            + "string_agg(tbalance::text, ',' ORDER BY tid) FROM pgbench_tellers), (SELECT count(*) FROM pgbench_history))";
        Assert.Equal(await DumpAsync(Original, balances), await DumpAsync(Clone, balances));
    }

    [Fact]
    public async Task Deadlocks_leave_the_clone_with_the_same_data()
    {
        await using var proxy = Scenes.In("postgresql", Original.EndPoint, Clone.EndPoint);
        await using (var administrator = await ConnectAsync(Original.EndPoint))
            await ExecuteAsync(administrator, $"ALTER DATABASE {pair.Database} SET deadlock_timeout = '50ms'");
        var deadlocks = 0;
        await Task.WhenAll(Enumerable.Range(0, 4).Select(client => Task.Run(async () =>
        {
            await using var connection = await ConnectAsync(proxy.EndPoint, "Pooling=false");
            for (var i = 0; i < 15; i++)
            {
                await using var transaction = await connection.BeginTransactionAsync();
                try
                {
                    // Half of them take the rows in the other order.
                    var (first, second) = client % 2 == 0 ? (1, 2) : (2, 1);
                    await ExecuteAsync(connection, $"UPDATE items SET price = (price * 31 + {client}) % 1009 WHERE id = {first}");
                    await ExecuteAsync(connection, $"UPDATE items SET price = (price * 37 + {client}) % 1013 WHERE id = {second}");
                    await transaction.CommitAsync();
                }
                catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.DeadlockDetected)
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
    public async Task A_clone_of_the_application_is_answered_from_the_record_and_never_reaches_the_database()
    {
        await using var proxy = Scenes.Out("postgresql", Original.EndPoint, ServiceRules.None with
        {
            Wildcards = new WildcardRules { Sql = [WildcardRules.Pattern(@"\d{4}-\d{1,2}-\d{1,2} \d{1,2}:\d{2}:\d{2}")] },
        });
        await SayAsync(proxy.EndPoint, "2026-1-2 3:04:05");
        await Scenes.RecordedAsync(proxy, 5);
        var before = await DumpAsync(Original);
        await SayAsync(proxy.SandboxEndPoint!, "2026-1-2 3:04:07");
        Assert.Equal(before, await DumpAsync(Original));
        var matches = (await proxy.ReportAsync()).Matches!;
        Assert.True(matches is { Missing: 0, Nearest: 0, Wildcard: >= 1, Exact: >= 3 }, $"{matches}");
        await using var clone = await ConnectAsync(proxy.SandboxEndPoint!, "Pooling=false");
        var error = await Assert.ThrowsAsync<PostgresException>(() => ExecuteAsync(clone, "SELECT something FROM elsewhere"));
        Assert.Contains("on record", error.MessageText);

        async Task SayAsync(System.Net.IPEndPoint at, string clock)
        {
            await using var connection = await ConnectAsync(at, "Pooling=false");
            await ExecuteAsync(connection, $"INSERT INTO items (name, price) VALUES ('x {clock}', 1)");
            await using var command = new NpgsqlCommand("SELECT name FROM items WHERE id = $1", connection)
            { Parameters = { new() { Value = 2 } } };
            await command.PrepareAsync();
            Assert.Equal("b", await command.ExecuteScalarAsync());
            command.Parameters[0].Value = 3;
            Assert.Equal("c", await command.ExecuteScalarAsync());
        }
    }

    private string At(System.Net.IPEndPoint server) => PostgreSqlServer.LibpqConnectionString(server, pair.Database);

    [Fact]
    public async Task A_proxy_that_is_taken_away_ends_no_connection_within_a_transaction()
    {
        await using var proxy = Scenes.In("postgresql", Original.EndPoint);
        await using var idle = await ConnectAsync(proxy.EndPoint, "Pooling=false");
        await using var busy = await ConnectAsync(proxy.EndPoint, "Pooling=false");
        await ExecuteAsync(idle, "SELECT 1");
        await ExecuteAsync(busy, "BEGIN");
        await ExecuteAsync(busy, "INSERT INTO items (name, price) VALUES ('d', 4)");
        var leaving = proxy.Relay.EndAfterRepliesAsync(CancellationToken.None);
        await Scenes.UntilAsync(proxy, report => report.Connections is { Open: 1 } && report.Connections.Ended["drained"] == 1);
        var told = await Assert.ThrowsAnyAsync<NpgsqlException>(() => ExecuteAsync(idle, "SELECT 1"));
        Assert.True(told is not PostgresException { SqlState: not "57P05" }, $"{told}");
        await ExecuteAsync(busy, "INSERT INTO items (name, price) VALUES ('e', 5)");
        Assert.False(leaving.IsCompleted);
        await ExecuteAsync(busy, "COMMIT");
        await leaving.WaitAsync(TimeSpan.FromMinutes(5));
        await using var after = await ConnectAsync(Original.EndPoint);
        await using var count = new NpgsqlCommand("SELECT COUNT(*) FROM items", after);
        Assert.Equal(5L, await count.ExecuteScalarAsync());
    }

    private async Task<NpgsqlConnection> ConnectAsync(System.Net.IPEndPoint at, string more = "")
    {
        // Types are loaded by a query of their own; it is recorded like any other.
        var connection = new NpgsqlConnection(PostgreSqlServer.ConnectionString(at, more, pair.Database));
        await connection.OpenAsync();
        return connection;
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    private static async Task<List<string>> ReadAsync(NpgsqlCommand command)
    {
        var rows = new List<string>();
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
            rows.Add(reader.GetString(0));
        return rows;
    }

    private async Task<string> DumpAsync(
        PostgreSqlServer server, string rows = "SELECT concat_ws('|', name, price) FROM items ORDER BY name, price")
    {
        await using var connection = await ConnectAsync(server.EndPoint);
        await using var command = new NpgsqlCommand(rows, connection);
        return string.Join('\n', await ReadAsync(command));
    }
}
