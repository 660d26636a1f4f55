using JustRunIt.Infrastructure.Sources;
using JustRunIt.ProxyNode.Recording;
using JustRunIt.ProxyNode.StandAlone;
using JustRunIt.ProxyNode.Tests.Peers;
using MySqlConnector;
using Command = JustRunIt.ProxyNode.MySql.MySqlCommand;

namespace JustRunIt.ProxyNode.Tests;

/// <summary>What a MySQL session is at the original, it is at the clone, or the clone hears no more of it and the report says so.</summary>
[Collection(PeerServers.Name)]
public sealed class MySqlSessionTests(PeerServers servers) : IAsyncLifetime
{
    private static readonly ServiceRules Known = ServiceRules.None with
    {
        Credentials = new Dictionary<string, string> { ["shop"] = "secret", ["mover"] = "secret2" },
    };

    private MariaDbPair pair = null!;

    private string Other => pair.Database + "_other";

    public async Task InitializeAsync()
    {
        pair = await servers.MariaDbAsync();
        foreach (var server in pair.Servers)
        {
            await using var connection = await ConnectAsync(server);
            await ExecuteAsync(
                connection,
                $"CREATE DATABASE {Other}; CREATE TABLE {Other}.t (v VARCHAR(50)); CREATE TABLE t (v VARCHAR(50)); "
                + "CREATE TABLE ids (i INT AUTO_INCREMENT PRIMARY KEY, v INT); "
                + "CREATE OR REPLACE USER mover@'%' IDENTIFIED BY 'secret2'; GRANT ALL ON *.* TO mover@'%'");
        }
    }

    public async Task DisposeAsync()
    {
        foreach (var server in pair.Servers)
            await server.DropDatabaseAsync(Other);
        await pair.DisposeAsync();
    }

    [Fact]
    public async Task A_session_that_becomes_another_users_in_another_database_does_so_at_the_clone()
    {
        await using var proxy = Scenes.In("mysql", pair.Original.EndPoint, pair.Clone.EndPoint, Known);
        using var client = await RawMySql.ConnectAsync(proxy.EndPoint, pair.Database);
        await client.QueryAsync("INSERT INTO t VALUES ('before')");
        await client.ChangeUserAsync("mover", "secret2", Other);
        await client.QueryAsync("INSERT INTO t SELECT SUBSTRING_INDEX(CURRENT_USER(), '@', 1)");
        await client.ChangeUserAsync("shop", "secret", pair.Database);
        await client.QueryAsync("INSERT INTO t SELECT DATABASE()");
        var report = await Scenes.UntilAsync(proxy, now => now.Sandbox!.Requests + Count(now) >= 5);
        Assert.Empty(report.GivenUp!);
        foreach (var server in pair.Servers)
        {
            Assert.Equal($"before,{pair.Database}", await RowsAsync(server, "t"));
            Assert.Equal("mover", await RowsAsync(server, $"{Other}.t"));
        }
    }

    [Fact]
    public async Task What_comes_after_a_change_of_user_that_the_clone_refuses_is_not_repeated_and_counted()
    {
        await using var proxy = Scenes.In("mysql", pair.Original.EndPoint, pair.Clone.EndPoint);
        using var client = await RawMySql.ConnectAsync(proxy.EndPoint, pair.Database);
        await client.QueryAsync("INSERT INTO t VALUES ('before')");
        await client.ChangeUserAsync("mover", "secret2", Other);
        for (var i = 0; i < 3; i++)
            await client.QueryAsync("INSERT INTO t VALUES ('after')");
        var report = await Scenes.UntilAsync(proxy, now => Count(now, "not-repeatable") > 0 && 1 + Count(now) >= 5);
        Assert.Contains("mover", string.Join('\n', report.GivenUp!["not-repeatable"].Samples), StringComparison.Ordinal);
        Assert.Equal("before", await RowsAsync(pair.Clone, "t"));
        Assert.Equal("", await RowsAsync(pair.Clone, $"{Other}.t"));
        Assert.Equal("after,after,after", await RowsAsync(pair.Original, $"{Other}.t"));
    }

    [Fact]
    public async Task After_the_clone_has_ended_a_connection_what_was_set_and_prepared_is_there_again()
    {
        await using var proxy = Scenes.In("mysql", pair.Original.EndPoint, pair.Clone.EndPoint, Known);
        using var client = await RawMySql.ConnectAsync(proxy.EndPoint, pair.Database);
        await client.QueryAsync("SET sql_mode='ANSI_QUOTES', @who = 'set before', time_zone = '+03:00'");
        var gone = await client.PrepareAsync("INSERT INTO t VALUES (CONCAT('wrong statement ', ?))");
        var insert = await client.PrepareAsync("INSERT INTO t SELECT CONCAT(?, ' ', @who, ' ', @@time_zone, ' ', @@sql_mode)");
        await client.ExecuteAsync(insert, "one");
        await client.CommandAsync(Command.InitDb, Other);
        // The clone's next connection counts its statements anew.
        await client.QueryAsync("SELECT 1");
        await Scenes.UntilAsync(proxy, now => now.Sandbox!.Requests >= 6);
        await EndAllAsync(pair.Clone);
        // Its types were told to the connection that is gone.
        await client.ExecuteAsync(insert, "two", withType: false);
        await client.QueryAsync("INSERT INTO t SELECT DATABASE()");
        await client.ExecuteAsync(gone, "not at all");
        var report = await Scenes.UntilAsync(proxy, now => now.Sandbox!.Requests + Count(now) >= 9);
        Assert.Empty(report.GivenUp!);
        Assert.Equal(await RowsAsync(pair.Original, "t"), await RowsAsync(pair.Clone, "t"));
        Assert.Equal(await RowsAsync(pair.Original, $"{Other}.t"), await RowsAsync(pair.Clone, $"{Other}.t"));
        Assert.Equal(
            "one set before +03:00 ANSI_QUOTES,two set before +03:00 ANSI_QUOTES,wrong statement not at all",
            await RowsAsync(pair.Clone, "t"));
    }

    [Fact]
    public async Task After_the_clone_has_ended_a_connection_values_made_of_others_and_the_collation_are_what_they_were()
    {
        await using var proxy = Scenes.In("mysql", pair.Original.EndPoint, pair.Clone.EndPoint, Known);
        using var client = await RawMySql.ConnectAsync(proxy.EndPoint, pair.Database);
        string[] settings =
        [
            "SET @a = 1", "SET @b = @a + 1", "SET @a = 10", "SET @s = 'two  spaces'", "SET NAMES utf8mb4 COLLATE utf8mb4_bin",
            "SET @old = @@sql_mode, sql_mode = 'ANSI_QUOTES'", "SET sql_mode = @old",
        ];
        foreach (var setting in settings)
            await client.QueryAsync(setting);
        await Scenes.UntilAsync(proxy, now => now.Sandbox!.Requests >= settings.Length);
        await EndAllAsync(pair.Clone);
        await client.QueryAsync("INSERT INTO t SELECT CONCAT_WS(' ', @a, @b, @s, @@collation_connection, @@sql_mode = @old)");
        var report = await Scenes.UntilAsync(proxy, now => now.Sandbox!.Requests + Count(now) >= settings.Length + 1);
        Assert.Empty(report.GivenUp!);
        foreach (var server in pair.Servers)
            Assert.Equal("10 2 two  spaces utf8mb4_bin 1", await RowsAsync(server, "t"));
    }

    [Fact]
    public async Task What_a_statement_has_done_before_the_next_of_the_same_text_failed_is_done_at_the_clone_too()
    {
        await using var proxy = Scenes.In("mysql", pair.Original.EndPoint, pair.Clone.EndPoint, Known);
        await using var connection = new MySqlConnection(
            MariaDbServer.ConnectionString(proxy.EndPoint, "Pooling=false;AllowUserVariables=true", pair.Database));
        await connection.OpenAsync();
        await Assert.ThrowsAsync<MySqlException>(
            () => ExecuteAsync(connection, $"SET @v = 'set'; USE {Other}; SELECT bad; USE {pair.Database}"));
        await ExecuteAsync(connection, "INSERT INTO t VALUES (@v)");
        await Scenes.UntilAsync(proxy, now => now.Sandbox!.Requests >= now.Live!.Requests && now.Live.Requests >= 2);
        await EndAllAsync(pair.Clone);
        await ExecuteAsync(connection, "INSERT INTO t VALUES (CONCAT(@v, ' again'))");
        var report = await Scenes.UntilAsync(
            proxy, now => now.Live!.Requests >= 3 && now.Sandbox!.Requests + Count(now) >= now.Live.Requests);
        Assert.Empty(report.GivenUp!);
        foreach (var server in pair.Servers)
            Assert.Equal(("set,set again", ""), (await RowsAsync(server, $"{Other}.t"), await RowsAsync(server, "t")));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_database_that_the_clone_does_not_have_is_not_taken_for_the_one_before(bool isStatement)
    {
        await pair.Clone.DropDatabaseAsync(Other);
        await using var proxy = Scenes.In("mysql", pair.Original.EndPoint, pair.Clone.EndPoint, Known);
        using var client = await RawMySql.ConnectAsync(proxy.EndPoint, pair.Database);
        if (isStatement)
            await client.QueryAsync($"USE {Other}");
        else
            await client.CommandAsync(Command.InitDb, Other);
        for (var i = 0; i < 3; i++)
            await client.QueryAsync("INSERT INTO t VALUES ('elsewhere')");
        await Scenes.UntilAsync(proxy, now => Count(now) >= 3);
        Assert.Equal("elsewhere,elsewhere,elsewhere", await RowsAsync(pair.Original, $"{Other}.t"));
        Assert.Equal("", await RowsAsync(pair.Clone, "t"));
    }

    [Theory]
    [InlineData("-- it\nKILL {0}", 0)]
    [InlineData("/*!50000 KILL HARD CONNECTION {0} */;", 0)]
    [InlineData("SET STATEMENT max_statement_time = 60 FOR KILL {0}", 0)]
    [InlineData("EXECUTE IMMEDIATE 'KILL {0}'", 1)]
    [InlineData("KILL {0} + 0", 1)]
    public async Task However_kill_is_written_nobody_else_is_hit(string kill, int givenUp)
    {
        await using var proxy = Scenes.In("mysql", pair.Original.EndPoint, pair.Clone.EndPoint, Known);
        using var victim = await RawMySql.ConnectAsync(proxy.EndPoint, pair.Database);
        using var killer = await RawMySql.ConnectAsync(proxy.EndPoint, pair.Database);
        await victim.QueryAsync("SELECT 'victim'");
        await killer.QueryAsync("SELECT 'killer'");
        await Scenes.UntilAsync(proxy, now => now.Sandbox!.Requests >= 2);
        // One of the clone's own, with the number that the original has given to the victim, if it is not past it.
        using var innocent = await WithNumberAsync(pair.Clone, victim.Connection);
        try
        {
            await killer.QueryAsync(string.Format(System.Globalization.CultureInfo.InvariantCulture, kill, victim.Connection));
        }
        catch (InvalidOperationException)
        {
            // Not each of them is a statement of every version: then it fails at both.
        }

        var report = await Scenes.UntilAsync(proxy, now => now.Sandbox!.Requests + Count(now) >= 3);
        Assert.Equal(givenUp, Count(report, "not-repeatable"));
        Assert.Equal("alive", await innocent.QueryAsync("SELECT 'alive'"));
    }

    [Theory]
    [InlineData("CREATE TEMPORARY TABLE mine (v VARCHAR(50))", "INSERT INTO t VALUES ('without mine')")]
    [InlineData("SELECT @n := 5", "INSERT INTO t SELECT COALESCE(@n, 'lost')")]
    [InlineData("SELECT GET_LOCK('l', 1)", "INSERT INTO t SELECT IS_USED_LOCK('l') IS NULL")]
    [InlineData("START TRANSACTION", "INSERT INTO t VALUES ('outside of a transaction')")]
    [InlineData("INSERT INTO ids (v) VALUES (1)", "INSERT INTO t SELECT CONCAT('lost ', LAST_INSERT_ID())")]
    [InlineData("LOCK TABLES t WRITE", "INSERT INTO t VALUES ('without a lock')")]
    public async Task What_is_gone_with_the_clones_connection_ends_the_repetition_of_its_session(string state, string write)
    {
        await using var proxy = Scenes.In("mysql", pair.Original.EndPoint, pair.Clone.EndPoint, Known);
        using var client = await RawMySql.ConnectAsync(proxy.EndPoint, pair.Database);
        await client.QueryAsync(state);
        await client.QueryAsync("INSERT INTO t VALUES ('first')");
        await Scenes.UntilAsync(proxy, now => now.Sandbox!.Requests >= 2);
        await EndAllAsync(pair.Clone);
        for (var i = 0; i < 3; i++)
            await client.QueryAsync(write);
        var report = await Scenes.UntilAsync(proxy, now => Count(now, "state-lost") >= 3);
        Assert.NotEmpty(report.GivenUp!["state-lost"].Samples);
        Assert.DoesNotContain("lost", await RowsAsync(pair.Clone, "t"), StringComparison.Ordinal);
        Assert.DoesNotContain("without", await RowsAsync(pair.Clone, "t"), StringComparison.Ordinal);
        Assert.DoesNotContain("outside", await RowsAsync(pair.Clone, "t"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Kill_ends_at_the_clone_the_counterpart_of_whom_it_ends_on_line_and_nobody_where_there_is_none()
    {
        await using var proxy = Scenes.In("mysql", pair.Original.EndPoint, pair.Clone.EndPoint, Known);
        using var victim = await RawMySql.ConnectAsync(proxy.EndPoint, pair.Database);
        using var innocent = await RawMySql.ConnectAsync(proxy.EndPoint, pair.Database);
        using var killer = await RawMySql.ConnectAsync(proxy.EndPoint, pair.Database);
        // Opened and closed at the clone, so that its numbers are others.
        using (await RawMySql.ConnectAsync(pair.Clone.EndPoint, pair.Database))
            await victim.QueryAsync("SELECT 'victim'");
        await innocent.QueryAsync("CREATE TEMPORARY TABLE mine (v INT)");
        await killer.QueryAsync("SELECT 'killer'");
        await Scenes.UntilAsync(proxy, now => now.Sandbox!.Requests >= 3);
        var atClone = await SessionsAsync(pair.Clone);
        await killer.QueryAsync($"KILL {victim.Connection}");
        await Scenes.UntilAsync(proxy, now => now.Sandbox!.Requests >= 4);
        Assert.Equal(atClone - 1, await SessionsAsync(pair.Clone));
        using (var unseen = await RawMySql.ConnectAsync(pair.Original.EndPoint, pair.Database))
            await killer.QueryAsync($"KILL {unseen.Connection}");
        await innocent.QueryAsync("INSERT INTO mine VALUES (1)");
        var report = await Scenes.UntilAsync(proxy, now => now.Sandbox!.Requests + Count(now) >= 6);
        Assert.Equal(1, report.GivenUp!["not-repeatable"].Count);
        Assert.Equal(0, report.Differences!.Status);
    }

    [Fact]
    public async Task A_local_file_is_loaded_on_line_and_its_repetition_is_given_up_alone()
    {
        using var file = new MemoryStream("from a file\n"u8.ToArray());
        await using var proxy = Scenes.In("mysql", pair.Original.EndPoint, pair.Clone.EndPoint, Known);
        await using var connection = new MySqlConnection(
            MariaDbServer.ConnectionString(proxy.EndPoint, "AllowLoadLocalInfile=true;Pooling=false", pair.Database));
        await connection.OpenAsync();
        await new MySqlBulkLoader(connection) { TableName = "t", Local = true, SourceStream = file, LineTerminator = "\n" }.LoadAsync();
        await ExecuteAsync(connection, "INSERT INTO t VALUES ('by the same connection')");
        await Scenes.UntilAsync(proxy, now => Count(now, "not-repeatable") == 1 && now.Live!.Requests <= now.Sandbox!.Requests + 1);
        Assert.Equal("by the same connection,from a file", await RowsAsync(pair.Original, "t"));
        Assert.Equal("by the same connection", await RowsAsync(pair.Clone, "t"));
    }

    /// <summary>A connection of a server that has at least a number.</summary>
    private async Task<RawMySql> WithNumberAsync(MariaDbServer server, uint number)
    {
        while (true)
        {
            var client = await RawMySql.ConnectAsync(server.EndPoint, pair.Database);
            if (client.Connection >= number)
                return client;
            client.Dispose();
        }
    }

    private static long Count(Report report) => report.GivenUp!.Values.Sum(figures => figures.Count);

    private static long Count(Report report, string reason) =>
        report.GivenUp!.TryGetValue(reason, out var figures) ? figures.Count : 0;

    private static async Task ExecuteAsync(MySqlConnection connection, string sql)
    {
        await using var command = new MySqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    private async Task<MySqlConnection> ConnectAsync(MariaDbServer server)
    {
        var connection = new MySqlConnection(MariaDbServer.ConnectionString(
            server.EndPoint, "Pooling=false;AllowUserVariables=true", pair.Database));
        await connection.OpenAsync();
        return connection;
    }

    private async Task<string> RowsAsync(MariaDbServer server, string table)
    {
        await using var connection = await ConnectAsync(server);
        // Not what a transaction that is still open has locked.
        await using var command = new MySqlCommand($"SELECT GROUP_CONCAT(v ORDER BY v) FROM {table}", connection);
        return await command.ExecuteScalarAsync() as string ?? "";
    }

    private async Task<long> SessionsAsync(MariaDbServer server)
    {
        await using var connection = await ConnectAsync(server);
        await using var command = new MySqlCommand(
            $"SELECT COUNT(*) FROM information_schema.processlist WHERE db = '{pair.Database}' AND id <> CONNECTION_ID()", connection);
        return Convert.ToInt64(await command.ExecuteScalarAsync(), System.Globalization.CultureInfo.InvariantCulture);
    }

    private async Task EndAllAsync(MariaDbServer server)
    {
        await using (var connection = await ConnectAsync(server))
        {
            var ids = new List<long>();
            await using (var command = new MySqlCommand(
                $"SELECT id FROM information_schema.processlist WHERE db LIKE '{pair.Database}%' AND id <> CONNECTION_ID()", connection))
            await using (var reader = await command.ExecuteReaderAsync())
            {
                while (await reader.ReadAsync())
                    ids.Add(reader.GetInt64(0));
            }

            Assert.NotEmpty(ids);
            foreach (var id in ids)
                await ExecuteAsync(connection, $"KILL {id}");
        }

        while (await SessionsAsync(server) > 0)
            await Task.Delay(20);
    }
}
