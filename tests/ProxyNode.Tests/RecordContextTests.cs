using System.Net;
using JustRunIt.Infrastructure.Sources;
using JustRunIt.ProxyNode.Measuring;
using JustRunIt.ProxyNode.MySql;
using JustRunIt.ProxyNode.Recording;
using JustRunIt.ProxyNode.Tests.Peers;
using Npgsql;

namespace JustRunIt.ProxyNode.Tests;

/// <summary>
/// A clone's statement is answered as the same statement was in the same circumstances: of the same user, in the same database, with the
/// same settings and the same data sent before.
/// </summary>
[Collection(PeerServers.Name)]
public sealed class RecordContextTests(PeerServers servers)
{
    private static readonly WildcardRules Clock = new() { Sql = [WildcardRules.Pattern(@"\d{4}-\d{1,2}-\d{1,2} \d{1,2}:\d{1,2}:\d{1,2}")] };

    [Fact]
    public Task Of_mysql_the_database_the_settings_and_the_user_decide_which_reply_it_is() => DecideAsync(
        "SELECT CONCAT_WS('|', DATABASE(), @@time_zone, @@character_set_client, @@sql_mode, COALESCE(@mine, '-'))",
        [],
        ["USE information_schema"],
        ["SET time_zone = '+05:00'"],
        ["SET time_zone = '-07:00'"],
        ["SET NAMES latin1"],
        ["SET sql_mode = 'ANSI_QUOTES'"],
        ["SET @mine = 'one'"],
        ["SET @mine = 'two'"]);

    [Fact]
    public Task Of_mysql_the_collation_and_values_made_of_others_decide_which_reply_it_is() => DecideAsync(
        "SELECT CONCAT_WS('|', @@collation_connection, @a, @b, @s)",
        [],
        ["SET NAMES utf8mb4 COLLATE utf8mb4_bin"],
        ["SET collation_connection = utf8mb4_unicode_ci"],
        ["SET @a = 1", "SET @b = @a + 1", "SET @a = 5"],
        ["SET @a = 5", "SET @b = @a + 1"],
        ["SET @s = 'x  y'"],
        ["SET @s = 'x y'"],
        ["PREPARE p FROM 'SET @s = ''one'''", "EXECUTE p"],
        ["PREPARE p FROM 'SET @s = ''two'''", "EXECUTE p"]);

    [Fact]
    public async Task Of_mysql_rows_that_are_fetched_are_those_of_the_execution_that_has_opened_their_cursor()
    {
        await using var pair = await servers.MariaDbAsync();
        await using var proxy = Scenes.Out("mysql", pair.Original.EndPoint);
        var online = await SayAsync(proxy.EndPoint, ["a", "b"]);
        Assert.Equal(("a1a2-a3a4", "b1b2-b3b4"), (online["a"], online["b"]));
        await Scenes.RecordedAsync(proxy, 7);
        var clone = await SayAsync(proxy.SandboxEndPoint!, ["b", "a"]);
        Assert.Equal((online["a"], online["b"]), (clone["a"], clone["b"]));

        async Task<Dictionary<string, string>> SayAsync(IPEndPoint at, string[] all)
        {
            using var client = await RawMySql.ConnectAsync(at, pair.Database);
            var statement = await client.PrepareAsync(
                "SELECT CONCAT(?, n) FROM (SELECT 1 AS n UNION SELECT 2 UNION SELECT 3 UNION SELECT 4) numbers ORDER BY n");
            var said = new Dictionary<string, string>();
            foreach (var data in all)
            {
                var columns = await client.OpenCursorAsync(statement, data);
                said[data] = $"{await client.FetchAsync(statement, columns, 2)}-{await client.FetchAsync(statement, columns, 2)}";
            }

            return said;
        }
    }

    [Fact]
    public async Task Of_mysql_data_sent_in_pieces_before_an_execution_is_a_part_of_it()
    {
        await using var pair = await servers.MariaDbAsync();
        await using var proxy = Scenes.Out("mysql", pair.Original.EndPoint);
        var online = await SayAsync(proxy.EndPoint, ["one", "two"]);
        await Scenes.RecordedAsync(proxy, 3);
        var clone = await SayAsync(proxy.SandboxEndPoint!, ["two", "one"]);
        Assert.Equal((online["one"], online["two"]), (clone["one"], clone["two"]));
        Assert.Equal("got-two", clone["two"]);

        async Task<Dictionary<string, string>> SayAsync(IPEndPoint at, string[] all)
        {
            using var client = await RawMySql.ConnectAsync(at, pair.Database);
            var statement = await client.PrepareAsync("SELECT CONCAT('got-', ?)");
            var said = new Dictionary<string, string>();
            foreach (var data in all)
            {
                await client.SendPieceAsync(statement, 0, data[..1]);
                await client.SendPieceAsync(statement, 0, data[1..]);
                said[data] = await client.ExecuteAsync(statement, null);
            }

            return said;
        }
    }

    [Fact]
    public async Task Of_mysql_who_becomes_another_user_is_asked_for_that_ones_password_and_answered_as_him()
    {
        await using var pair = await servers.MariaDbAsync();
        using (var administrator = await RawMySql.ConnectAsync(pair.Original.EndPoint, pair.Database))
        {
            await administrator.QueryAsync("CREATE OR REPLACE USER mover@'%' IDENTIFIED BY 'secret2'");
            await administrator.QueryAsync("GRANT ALL ON *.* TO mover@'%'");
        }

        const string sql = "SELECT SUBSTRING_INDEX(CURRENT_USER(), '@', 1)";
        await using var proxy = Scenes.Out("mysql", pair.Original.EndPoint);
        using (var online = await RawMySql.ConnectAsync(proxy.EndPoint, pair.Database))
        {
            Assert.Equal("shop", await online.QueryAsync(sql));
            await online.ChangeUserAsync("mover", "secret2", pair.Database);
            Assert.Equal("mover", await online.QueryAsync(sql));
            await online.ChangeUserAsync("shop", "secret", pair.Database);
            Assert.Equal("shop", await online.QueryAsync(sql));
        }

        await Scenes.RecordedAsync(proxy, 3);
        using var clone = await RawMySql.ConnectAsync(proxy.SandboxEndPoint!, pair.Database);
        await clone.ChangeUserAsync("mover", "secret2", pair.Database);
        Assert.Equal("mover", await clone.QueryAsync(sql));
        await clone.ChangeUserAsync("shop", "secret", pair.Database);
        Assert.Equal("shop", await clone.QueryAsync(sql));
        using var intruder = await RawMySql.ConnectAsync(proxy.SandboxEndPoint!, pair.Database);
        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => intruder.ChangeUserAsync("mover", "wrong", pair.Database));
        Assert.Contains("denied", refused.Message, StringComparison.Ordinal);
        await Assert.ThrowsAnyAsync<Exception>(() => intruder.QueryAsync(sql));
    }

    [Fact]
    public async Task Of_mysql_a_local_file_is_an_error_that_a_clone_can_read_and_its_connection_lives()
    {
        await using var pair = await servers.MariaDbAsync();
        await using var proxy = Scenes.Out("mysql", pair.Original.EndPoint);
        using (var online = await RawMySql.ConnectAsync(proxy.EndPoint, pair.Database))
            await online.QueryAsync("SELECT 'after'");
        await Scenes.RecordedAsync(proxy, 1);
        using var clone = await RawMySql.ConnectAsync(proxy.SandboxEndPoint!, pair.Database);
        var refused = await Assert.ThrowsAsync<InvalidOperationException>(
            () => clone.QueryAsync("LOAD DATA LOCAL INFILE '/etc/hostname' INTO TABLE t"));
        Assert.Contains("LOAD DATA LOCAL", refused.Message, StringComparison.Ordinal);
        Assert.Equal("after", await clone.QueryAsync("SELECT 'after'"));
    }

    [Fact]
    public async Task Of_mysql_a_prepared_parameter_under_a_wildcard_may_be_longer()
    {
        await using var pair = await servers.MariaDbAsync();
        await using var proxy = Scenes.Out("mysql", pair.Original.EndPoint, ServiceRules.None with { Wildcards = Clock });
        await SayAsync(proxy.EndPoint, "2026-11-28 12:43:5");
        await Scenes.RecordedAsync(proxy, 2);
        await SayAsync(proxy.SandboxEndPoint!, "2026-11-28 12:43:15");
        Assert.True((await proxy.ReportAsync()).Matches is { Wildcard: 1, Nearest: 0, Missing: 0 });

        async Task SayAsync(IPEndPoint at, string clock)
        {
            using var client = await RawMySql.ConnectAsync(at, pair.Database);
            var statement = await client.PrepareAsync("SELECT CONCAT('asked at ', ?)");
            Assert.Equal("asked at 2026-11-28 12:43:5", await client.ExecuteAsync(statement, clock));
        }
    }

    [Theory]
    [InlineData("", nameof(MatchKind.Nearest))]
    [InlineData("SET sql_mode = 'ANSI_QUOTES'", nameof(MatchKind.Missing))]
    public void Of_mysql_what_is_in_double_quotes_is_a_value_unless_the_session_says_that_it_is_a_name(string setting, string expected)
    {
        var record = new Recording.Record(1 << 20, TimeProvider.System);
        var session = new MySqlSession();
        session.LogsIn(new MySqlLogin(0, 0, 45, "shop", "shop"));
        if (setting.Length > 0)
            session.Execute(System.Text.Encoding.UTF8.GetBytes(setting));
        var matcher = new MySqlMatcher(WildcardRules.None) { Context = session.Context };
        var recorded = matcher.KeysOf(RawMySql.Query("SELECT id FROM users WHERE nickname = \"tok_abc\""))!.Value;
        record.Add(recorded, [1], closes: false, arrival: 10, answered: 11, oldest: 0);
        var found = record.Find(matcher.KeysOf(RawMySql.Query("SELECT id FROM users WHERE nickname = \"tok_xyz\""))!.Value, 10);
        Assert.Equal(expected, found.Kind.ToString());
    }

    [Fact]
    public async Task Of_postgresql_the_database_the_role_and_the_settings_decide_which_reply_it_is()
    {
        await using var pair = await servers.PostgreSqlAsync();
        await using var proxy = Scenes.Out("postgresql", pair.Original.EndPoint);
        string[][] circumstances =
        [
            [], ["SET search_path TO pg_catalog"], ["SET search_path TO information_schema"], ["SET TIME ZONE 'Asia/Tokyo'"],
            ["BEGIN", "SET LOCAL TIME ZONE 'America/Lima'"], ["BEGIN", "SET TIME ZONE 'Asia/Kolkata'", "ROLLBACK", "SET ROLE pg_monitor"],
            ["SELECT set_config('my.own', 'one', false)"], ["SELECT set_config('my.own', 'two', false)"],
            ["/* a /* b */ c */ SET my.own TO 'three'"], ["SELECT 1; SET my.own = 'four'; SELECT ';'"],
            ["BEGIN; SET my.own = 'no'; ROLLBACK; SET my.own = 'five'"],
        ];
        const string sql = "SELECT current_setting('search_path') || current_setting('TimeZone') || current_user "
            + "|| coalesce(current_setting('my.own', true), '')";
        var online = await SayAsync(proxy.EndPoint, circumstances);
        Assert.Equal(circumstances.Length, online.Distinct().Count());
        // The driver asks for the database's types, once.
        await Scenes.RecordedAsync(proxy, 1 + circumstances.Sum(before => before.Length + 1));
        var clone = await SayAsync(proxy.SandboxEndPoint!, [.. circumstances.Reverse()]);
        Assert.Equal(online, clone.AsEnumerable().Reverse());
        var matches = (await proxy.ReportAsync()).Matches!;
        Assert.True(matches is { Missing: 0, Nearest: 0 }, $"{matches}");

        async Task<string[]> SayAsync(IPEndPoint at, string[][] all)
        {
            var said = new List<string>();
            foreach (var before in all)
            {
                await using var connection = new NpgsqlConnection(PostgreSqlServer.ConnectionString(at, "Pooling=false", pair.Database));
                await connection.OpenAsync();
                foreach (var setting in before.Append(sql))
                {
                    await using var command = new NpgsqlCommand(setting, connection);
                    var row = await command.ExecuteScalarAsync();
                    if (setting == sql)
                        said.Add((string)row!);
                }
            }

            return [.. said];
        }
    }

    [Fact]
    public async Task Of_postgresql_what_was_prepared_in_SQL_and_what_was_set_in_the_same_request_decide_which_reply_it_is()
    {
        await using var pair = await servers.PostgreSqlAsync();
        await using var proxy = Scenes.Out("postgresql", pair.Original.EndPoint);
        string[] all = ["one", "two", "three"];
        var online = await SayAsync(proxy.EndPoint, all);
        Assert.Equal(all.Select(said => $"{said} {said}"), online);
        await Scenes.RecordedAsync(proxy, 4 * all.Length);
        Assert.Equal(online.AsEnumerable().Reverse(), await SayAsync(proxy.SandboxEndPoint!, [.. all.Reverse()]));
        Assert.True((await proxy.ReportAsync()).Matches is { Missing: 0, Nearest: 0 });

        async Task<string[]> SayAsync(IPEndPoint at, string[] texts)
        {
            var said = new List<string>();
            foreach (var text in texts)
            {
                using var client = await RawPostgreSql.ConnectAsync(at, pair.Database);
                await client.AskAsync($"PREPARE p AS SELECT '{text}'");
                var prepared = (await client.AskAsync("EXECUTE p")).Rows.Single();
                await client.SendAsync(
                    RawPostgreSql.Parse("", $"SET my.own = '{text}'"), RawPostgreSql.Bind("", ""), RawPostgreSql.Execute(""),
                    RawPostgreSql.Flush);
                await client.UntilAsync("C");
                await client.SendAsync(
                    RawPostgreSql.Parse("", "SELECT current_setting('my.own')"), RawPostgreSql.Bind("", ""), RawPostgreSql.Execute(""),
                    RawPostgreSql.Sync);
                said.Add($"{prepared} {(await client.UntilAsync("Z")).Rows.Single()}");
            }

            return [.. said];
        }
    }

    [Fact]
    public async Task Of_postgresql_what_a_driver_sets_on_a_new_connection_is_accepted()
    {
        await using var pair = await servers.PostgreSqlAsync();
        await using var proxy = Scenes.Out("postgresql", pair.Original.EndPoint);
        using (var online = await RawPostgreSql.ConnectAsync(proxy.EndPoint, pair.Database))
            await online.AskAsync("SELECT 1");
        await Scenes.RecordedAsync(proxy, 1);
        using var clone = await RawPostgreSql.ConnectAsync(proxy.SandboxEndPoint!, pair.Database);
        await clone.SendAsync(
            RawPostgreSql.Parse("", "SET extra_float_digits = 3"), RawPostgreSql.Bind("", ""), RawPostgreSql.Execute("", 1),
            RawPostgreSql.Sync);
        Assert.Equal("12CZ", (await clone.UntilAsync("Z")).Types);
        Assert.Equal("CCZ", (await clone.AskAsync("SET a.b = 1; RESET ALL")).Types);
        Assert.Equal("EZ", (await clone.AskAsync("SET a.b = 1; SELECT 'never'")).Types);
        Assert.Equal("CZ", (await clone.AskAsync("DISCARD ALL")).Types);
        Assert.Equal(["1"], (await clone.AskAsync("SELECT 1")).Rows);
    }

    /// <summary>A statement has another reply in each of the circumstances, and the clone gets that of its own.</summary>
    /// <param name="sql">The statement.</param>
    /// <param name="circumstances">Statements before it.</param>
    private async Task DecideAsync(string sql, params string[][] circumstances)
    {
        await using var pair = await servers.MariaDbAsync();
        await using var proxy = Scenes.Out("mysql", pair.Original.EndPoint);
        var online = await SayAsync(proxy.EndPoint, circumstances);
        Assert.Equal(circumstances.Length, online.Distinct().Count());
        await Scenes.RecordedAsync(proxy, circumstances.Sum(before => before.Length + 1));
        // In another order: what is nearest in time is of another.
        var clone = await SayAsync(proxy.SandboxEndPoint!, [.. circumstances.Reverse()]);
        Assert.Equal(online, clone.AsEnumerable().Reverse());

        async Task<string[]> SayAsync(IPEndPoint at, string[][] all)
        {
            var said = new List<string>();
            foreach (var before in all)
            {
                using var client = await RawMySql.ConnectAsync(at, pair.Database);
                foreach (var setting in before)
                    await client.QueryAsync(setting);
                said.Add(await client.QueryAsync(sql));
            }

            return [.. said];
        }
    }
}
