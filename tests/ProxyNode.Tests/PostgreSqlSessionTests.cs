using JustRunIt.Infrastructure.Sources;
using JustRunIt.ProxyNode.PostgreSql;
using JustRunIt.ProxyNode.Recording;
using JustRunIt.ProxyNode.StandAlone;
using JustRunIt.ProxyNode.Tests.Peers;

namespace JustRunIt.ProxyNode.Tests;

/// <summary>
/// Sessions of PostgreSQL whose course depends on what the server replies, and what becomes of them at a clone that replies otherwise, or
/// not at all: the rest is repeated, and what is not is told with its reason.
/// </summary>
[Collection(PeerServers.Name)]
public sealed class PostgreSqlSessionTests(PeerServers servers) : IAsyncLifetime
{
    private static readonly ServiceRules Impatient = Scenes.Credentials with { AnswerLimit = TimeSpan.FromSeconds(1) };

    private PostgreSqlPair pair = null!;

    public async Task InitializeAsync()
    {
        pair = await servers.PostgreSqlAsync();
        foreach (var server in pair.Servers)
        {
            using var client = await ConnectAsync(server);
            await client.AskAsync("CREATE TABLE items (name TEXT)");
        }
    }

    public async Task DisposeAsync() => await pair.DisposeAsync();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_copy_that_its_client_gives_up_is_given_up_at_the_clone(bool isExtended)
    {
        await using var proxy = Scenes.In("postgresql", pair.Original.EndPoint, pair.Clone.EndPoint);
        using var client = await RawPostgreSql.ConnectAsync(proxy.EndPoint, pair.Database);
        await BeginCopyAsync(client, isExtended);
        byte[][] rest = isExtended ? [RawPostgreSql.CopyFail, RawPostgreSql.Sync] : [RawPostgreSql.CopyFail];
        await client.SendAsync([RawPostgreSql.Data("a\n"), .. rest]);
        Assert.Equal("EZ", (await client.UntilAsync("Z")).Types);
        await client.AskAsync("INSERT INTO items VALUES ('after')");
        var report = await AllRepeatedAsync(proxy, 3);
        Assert.Equal((0, 1), (report.Differences!.Status, report.Sandbox!.Errors));
        Assert.Equal(["after"], await RowsAsync(pair.Clone));
    }

    [Fact]
    public async Task Data_of_a_copy_that_the_clone_refuses_are_not_sent_to_it_and_the_session_goes_on()
    {
        using (var clone = await ConnectAsync(pair.Clone))
            await clone.AskAsync("ALTER TABLE items RENAME TO others");
        await using var proxy = Scenes.In("postgresql", pair.Original.EndPoint, pair.Clone.EndPoint);
        using var client = await RawPostgreSql.ConnectAsync(proxy.EndPoint, pair.Database);
        await BeginCopyAsync(client, isExtended: false);
        await client.SendAsync(RawPostgreSql.Data("a\n"), RawPostgreSql.CopyDone);
        Assert.Equal("CZ", (await client.UntilAsync("Z")).Types);
        await client.AskAsync("CREATE TABLE more AS SELECT 'x' AS name");
        var report = await Scenes.UntilAsync(proxy, now => now.GivenUp!.ContainsKey("diverged") && now.Sandbox!.Requests >= 2);
        Assert.Equal(1, report.GivenUp!["diverged"].Count);
        await UntilRowsAsync(pair.Clone, "x", "SELECT name FROM more");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_copy_that_only_the_clone_takes_is_ended_there(bool isExtended)
    {
        using (var original = await ConnectAsync(pair.Original))
            await original.AskAsync("ALTER TABLE items RENAME TO others");
        await using var proxy = Scenes.In("postgresql", pair.Original.EndPoint, pair.Clone.EndPoint);
        using var client = await RawPostgreSql.ConnectAsync(proxy.EndPoint, pair.Database);
        await client.SendAsync(isExtended ? Copy : [RawPostgreSql.Query("COPY items FROM STDIN")]);
        Assert.EndsWith("Z", (await client.UntilAsync("Z")).Types, StringComparison.Ordinal);
        await client.AskAsync("CREATE TABLE more AS SELECT 'x' AS name");
        await AllRepeatedAsync(proxy, 2);
        await UntilRowsAsync(pair.Clone, "x", "SELECT name FROM more");
        Assert.Empty(await RowsAsync(pair.Clone));
    }

    [Fact]
    public async Task A_copy_that_the_server_breaks_off_ends_where_its_client_stops()
    {
        await using var proxy = Scenes.In("postgresql", pair.Original.EndPoint, pair.Clone.EndPoint);
        using var client = await RawPostgreSql.ConnectAsync(proxy.EndPoint, pair.Database);
        await BeginCopyAsync(client, isExtended: false);
        await client.SendAsync(RawPostgreSql.Data("a\tone column too many\nb\n"));
        Assert.Equal("EZ", (await client.UntilAsync("Z")).Types);
        await client.AskAsync("INSERT INTO items VALUES ('after')");
        await AllRepeatedAsync(proxy, 3);
        await UntilRowsAsync(pair.Clone, "after");
    }

    [Fact]
    public async Task A_copy_whose_client_flushes_instead_of_synchronizing_is_one_request()
    {
        await using var proxy = Scenes.In("postgresql", pair.Original.EndPoint, pair.Clone.EndPoint);
        using var client = await RawPostgreSql.ConnectAsync(proxy.EndPoint, pair.Database);
        for (var i = 0; i < 3; i++)
        {
            await client.SendAsync([.. Copy[..^1], RawPostgreSql.Flush]);
            await client.UntilAsync("G");
            await client.SendAsync(RawPostgreSql.Data($"{i}\n"), RawPostgreSql.CopyDone, RawPostgreSql.Sync);
            Assert.Equal("CZ", (await client.UntilAsync("Z")).Types);
        }

        var report = await AllRepeatedAsync(proxy, 3);
        Assert.Equal((3, 0), (report.Live!.Requests, report.Differences!.Status));
        Assert.Equal(["0", "1", "2"], await RowsAsync(pair.Clone));
    }

    [Theory]
    [InlineData("items")]
    [InlineData("nowhere")]
    public async Task Data_of_a_copy_may_come_before_the_server_has_asked_for_them(string table)
    {
        await using var proxy = Scenes.In("postgresql", pair.Original.EndPoint, pair.Clone.EndPoint);
        using var client = await RawPostgreSql.ConnectAsync(proxy.EndPoint, pair.Database);
        for (var i = 0; i < 2; i++)
        {
            await client.SendAsync(RawPostgreSql.Query($"COPY {table} FROM STDIN"), RawPostgreSql.Data($"{i}\n"), RawPostgreSql.CopyDone);
            await client.UntilAsync("Z");
            Assert.Equal(["1"], (await client.AskAsync("SELECT 1")).Rows);
        }

        var report = await Scenes.UntilAsync(proxy, now => now.Sandbox!.Requests >= 4);
        Assert.Equal((4, 0, 0), (report.Live!.Requests, report.Differences!.Status, report.Differences.Content));
        await UntilRowsAsync(pair.Clone, table == "items" ? "0,1" : "");
    }

    [Fact]
    public async Task A_copy_that_the_server_begins_before_its_Sync_has_come_leaves_the_session_in_step()
    {
        await using var proxy = Scenes.In("postgresql", pair.Original.EndPoint, pair.Clone.EndPoint);
        using var client = await RawPostgreSql.ConnectAsync(proxy.EndPoint, pair.Database);
        for (var i = 0; i < 2; i++)
        {
            await client.SendAsync(Copy[..^1]);
            await client.UntilAsync("G");
            // The server ignores it.
            await client.SendAsync(RawPostgreSql.Sync);
            await client.SendAsync(RawPostgreSql.Data($"{i}\n"), RawPostgreSql.CopyDone, RawPostgreSql.Sync);
            Assert.Equal("CZ", (await client.UntilAsync("Z")).Types);
            Assert.Equal(["1"], (await client.AskAsync("SELECT 1")).Rows);
        }

        var report = await Scenes.UntilAsync(proxy, now => now.Sandbox!.Requests >= 4 && now.Differences!.Compared >= 2);
        Assert.Equal((4, 0, 0), (report.Live!.Requests, report.Sandbox!.Errors, report.Differences!.Content));
        await UntilRowsAsync(pair.Clone, "0,1");
    }

    [Fact]
    public async Task A_session_that_hangs_at_the_clone_is_given_up_and_holds_nobody_else()
    {
        using var holder = await ConnectAsync(pair.Clone);
        await holder.AskAsync("SELECT pg_advisory_lock(42)");
        await using var proxy = Scenes.In("postgresql", pair.Original.EndPoint, pair.Clone.EndPoint, Impatient);
        using var hung = await RawPostgreSql.ConnectAsync(proxy.EndPoint, pair.Database);
        await hung.AskAsync("SELECT pg_advisory_xact_lock(42)");
        for (var i = 0; i < 20; i++)
            await hung.AskAsync("INSERT INTO items VALUES ('behind')");
        using var other = await RawPostgreSql.ConnectAsync(proxy.EndPoint, pair.Database);
        for (var i = 0; i < 20; i++)
            await other.AskAsync("INSERT INTO items VALUES ('other')");
        var report = await Scenes.UntilAsync(proxy, now => now.Sandbox!.Requests >= 20 && now.GivenUp!.ContainsKey("overdue"));
        Assert.True(report.GivenUp!["overdue"].Count >= 21, $"{report.GivenUp["overdue"]}");
        Assert.Equal(Enumerable.Repeat("other", 20), await RowsAsync(pair.Clone));
        // What nobody waits for any more is cancelled, and waits for no lock.
        const string waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'advisory'";
        await UntilRowsAsync(pair.Clone, "0", waiting);
    }

    [Theory]
    [InlineData("database")]
    [InlineData("true")]
    public async Task A_connection_of_replication_is_relayed_and_not_repeated(string replication)
    {
        await using var proxy = Scenes.In("postgresql", pair.Original.EndPoint, pair.Clone.EndPoint);
        using var replica = await RawPostgreSql.ConnectAsync(proxy.EndPoint, pair.Database, 0, ("replication", replication));
        var place = (await replica.AskAsync("IDENTIFY_SYSTEM")).Rows.Single().Split('|')[2];
        await replica.SendAsync(RawPostgreSql.Query($"START_REPLICATION {place}"));
        Assert.Equal("W", (await replica.UntilAsync("WE")).Types);
        using var client = await RawPostgreSql.ConnectAsync(proxy.EndPoint, pair.Database);
        for (var i = 0; i < 20; i++)
            await client.AskAsync("INSERT INTO items VALUES ('x')");
        var report = await Scenes.UntilAsync(proxy, now => now.Sandbox!.Requests >= 20);
        Assert.Equal((22, 20, 2), (report.Live!.Requests, report.Sandbox!.Requests, report.GivenUp!["stream"].Count));
        Assert.Null(report.SandboxFailure);
    }

    [Fact]
    public async Task Numbers_that_each_server_draws_itself_are_no_difference()
    {
        // The clone has given out more of them.
        using (var clone = await ConnectAsync(pair.Clone))
            await clone.AskAsync("CREATE TABLE before1 (i INT); CREATE TABLE before2 (i INT); CREATE TYPE before3 AS ENUM ('a')");
        await using var proxy = Scenes.In("postgresql", pair.Original.EndPoint, pair.Clone.EndPoint);
        using var client = await RawPostgreSql.ConnectAsync(proxy.EndPoint, pair.Database);
        string[] statements =
        [
            "LISTEN ch", "NOTIFY ch, 'x'", "CREATE TEMP TABLE tt (i INT)", "SELECT * FROM tt", "CREATE TYPE mood AS ENUM ('sad')",
            "CREATE TABLE made (m mood)", "SELECT * FROM made", "SELECT 'sad'::mood",
        ];
        foreach (var statement in statements)
            await client.AskAsync(statement);
        var report = await AllRepeatedAsync(proxy, statements.Length);
        Assert.True(report.Differences is { Status: 0, Length: 0, Content: 0 }, string.Join('\n', report.Differences!.Samples));
    }

    [Fact]
    public async Task Settings_and_prepared_statements_are_made_again_on_a_new_connection_to_the_clone()
    {
        await using var proxy = Scenes.In("postgresql", pair.Original.EndPoint, pair.Clone.EndPoint);
        using var client = await RawPostgreSql.ConnectAsync(proxy.EndPoint, pair.Database);
        await client.AskAsync("SET my.name = 'set'");
        // Prepared, although the request fails afterwards.
        await client.SendAsync(
            RawPostgreSql.Parse("s1", "INSERT INTO items VALUES (current_setting('my.name') || $1)"),
            RawPostgreSql.Parse("", "SELECT nothing"),
            RawPostgreSql.Sync);
        Assert.Equal("1EZ", (await client.UntilAsync("Z")).Types);
        await AllRepeatedAsync(proxy, 2);
        await KillAsync(pair.Clone);
        await client.SendAsync(RawPostgreSql.Bind("", "s1", " here"), RawPostgreSql.Execute(""), RawPostgreSql.Sync);
        Assert.Equal("2CZ", (await client.UntilAsync("Z")).Types);
        var report = await AllRepeatedAsync(proxy, 3);
        Assert.Equal(0, report.Differences!.Status);
        Assert.Equal(["set here"], await RowsAsync(pair.Clone));
    }

    [Theory]
    [InlineData("CREATE TEMP TABLE tt (i INT)", "INSERT INTO tt VALUES (1)")]
    [InlineData("SELECT pg_advisory_lock(7)", "INSERT INTO items VALUES ('locked')")]
    [InlineData("BEGIN", "INSERT INTO items VALUES ('rolled back')")]
    public async Task A_session_that_loses_at_the_clone_what_no_statement_makes_again_is_given_up(string state, string after)
    {
        await using var proxy = Scenes.In("postgresql", pair.Original.EndPoint, pair.Clone.EndPoint);
        using var client = await RawPostgreSql.ConnectAsync(proxy.EndPoint, pair.Database);
        await client.AskAsync(state);
        await AllRepeatedAsync(proxy, 1);
        await KillAsync(pair.Clone);
        await client.AskAsync(after);
        await Scenes.UntilAsync(proxy, now => now.GivenUp!.ContainsKey("state-lost"));
        await client.AskAsync(after);
        var report = await Scenes.UntilAsync(proxy, now => now.GivenUp!["state-lost"].Count == 2);
        Assert.NotEmpty(report.GivenUp!["state-lost"].Samples);
        Assert.Empty(await RowsAsync(pair.Clone));
    }

    [Theory]
    [InlineData("CREATE TEMP TABLE tt (i INT)", "DROP TABLE tt")]
    [InlineData("SELECT pg_advisory_lock(7)", "SELECT pg_advisory_unlock(7)")]
    [InlineData("CREATE TEMP TABLE tt (i INT); SELECT pg_advisory_lock(7)", "DISCARD ALL")]
    [InlineData("SET search_path = nowhere", "/* pool */ RESET ALL")]
    [InlineData("BEGIN; SET search_path = nowhere", "ROLLBACK")]
    [InlineData("BEGIN; CREATE TEMP TABLE tt (i INT)", "ROLLBACK")]
    [InlineData("BEGIN; SAVEPOINT s; SET search_path = nowhere", "ROLLBACK TO s; COMMIT")]
    [InlineData("SET search_path = nowhere; SELECT 1/0", "SELECT 1")]
    [InlineData("BEGIN; LISTEN a; SELECT set_config('search_path', 'nowhere', false); SELECT 1/0", "COMMIT")]
    [InlineData("SELECT set_config('search_path', 'nowhere', true)", "SELECT 1")]
    public async Task What_a_session_has_let_go_of_is_not_missed(string state, string letGo)
    {
        await using var proxy = Scenes.In("postgresql", pair.Original.EndPoint, pair.Clone.EndPoint);
        using var client = await RawPostgreSql.ConnectAsync(proxy.EndPoint, pair.Database);
        await client.AskAsync(state);
        await client.AskAsync(letGo);
        await AllRepeatedAsync(proxy, 2);
        await KillAsync(pair.Clone);
        await client.AskAsync("INSERT INTO items VALUES ('x')");
        await AllRepeatedAsync(proxy, 3);
        Assert.Equal(["x"], await RowsAsync(pair.Clone));
    }

    [Fact]
    public async Task A_session_that_lost_its_transaction_at_the_clone_begins_anew_after_it()
    {
        await using var proxy = Scenes.In("postgresql", pair.Original.EndPoint, pair.Clone.EndPoint);
        using var client = await RawPostgreSql.ConnectAsync(proxy.EndPoint, pair.Database);
        await client.AskAsync("SET my.name = 'anew'");
        await client.AskAsync("BEGIN");
        await AllRepeatedAsync(proxy, 2);
        await KillAsync(pair.Clone);
        await client.AskAsync("INSERT INTO items VALUES ('lost')");
        await Scenes.UntilAsync(proxy, now => now.GivenUp!.ContainsKey("state-lost"));
        await client.AskAsync("COMMIT");
        await client.AskAsync("INSERT INTO items VALUES (current_setting('my.name'))");
        var report = await AllRepeatedAsync(proxy, 3);
        Assert.Equal(2, report.GivenUp!["state-lost"].Count);
        Assert.Equal(["anew"], await RowsAsync(pair.Clone));
    }

    [Fact]
    public async Task Whoever_set_something_and_however_it_is_there_on_a_new_connection_to_the_clone()
    {
        const string function =
            "CREATE FUNCTION goes_to_tokyo() RETURNS void LANGUAGE plpgsql AS $$ BEGIN SET TIME ZONE 'Asia/Tokyo'; END $$";
        foreach (var server in pair.Servers)
        {
            using var owner = await ConnectAsync(server);
            await owner.AskAsync(function);
        }

        await using var proxy = Scenes.In("postgresql", pair.Original.EndPoint, pair.Clone.EndPoint);
        using var client = await RawPostgreSql.ConnectAsync(proxy.EndPoint, pair.Database);
        await client.AskAsync("BEGIN; SET my.one = 'rolled back'; ROLLBACK; SET my.one = '1'");
        await client.AskAsync("SELECT goes_to_tokyo()");
        await client.SendAsync(
            RawPostgreSql.Parse("", "SELECT set_config('my.two', $1, false)"), RawPostgreSql.Bind("", "", "it's \\"),
            RawPostgreSql.Execute(""), RawPostgreSql.Sync);
        await client.UntilAsync("Z");
        await client.AskAsync("PREPARE p(text) AS INSERT INTO items VALUES ($1 || current_setting('TimeZone'))");
        await AllRepeatedAsync(proxy, 4);
        await KillAsync(pair.Clone);
        await client.AskAsync("INSERT INTO items VALUES (current_setting('my.one') || current_setting('my.two'))");
        await client.AskAsync("EXECUTE p('in ')");
        var report = await AllRepeatedAsync(proxy, 6);
        Assert.Equal(0, report.Differences!.Status);
        await UntilRowsAsync(pair.Clone, "1it's \\,in Asia/Tokyo");
    }

    [Fact]
    public async Task A_number_that_a_sequence_gave_out_on_a_connection_before_is_asked_of_no_other()
    {
        foreach (var server in pair.Servers)
        {
            using var owner = await ConnectAsync(server);
            await owner.AskAsync("CREATE TABLE made (id SERIAL)");
        }

        await using var proxy = Scenes.In("postgresql", pair.Original.EndPoint, pair.Clone.EndPoint);
        using var client = await RawPostgreSql.ConnectAsync(proxy.EndPoint, pair.Database);
        await client.AskAsync("INSERT INTO made DEFAULT VALUES");
        await AllRepeatedAsync(proxy, 1);
        await KillAsync(pair.Clone);
        await client.AskAsync("SELECT currval('made_id_seq')");
        var report = await Scenes.UntilAsync(proxy, now => now.GivenUp!.ContainsKey("state-lost"));
        Assert.Contains(report.GivenUp!["state-lost"].Samples, sample => sample.Contains("sequence", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_row_that_a_statement_finds_by_its_transaction_is_found_at_the_clone()
    {
        // The clone has counted further.
        using (var clone = await ConnectAsync(pair.Clone))
        {
            for (var i = 0; i < 3; i++)
                await clone.AskAsync("INSERT INTO items VALUES ('before'); DELETE FROM items");
        }

        await using var proxy = Scenes.In("postgresql", pair.Original.EndPoint, pair.Clone.EndPoint);
        using var client = await RawPostgreSql.ConnectAsync(proxy.EndPoint, pair.Database);
        await client.AskAsync("INSERT INTO items VALUES ('old')");
        var number = (await client.AskAsync("SELECT xmin FROM items")).Rows.Single();
        await AllRepeatedAsync(proxy, 2);
        await client.SendAsync(
            RawPostgreSql.Parse("", "UPDATE items SET name = $1 WHERE xmin = $2"), RawPostgreSql.Bind("", "", "new", number),
            RawPostgreSql.Execute(""), RawPostgreSql.Sync);
        await client.UntilAsync("Z");
        var report = await AllRepeatedAsync(proxy, 3);
        Assert.True(report.Differences is { Status: 0, Length: 0, Content: 0 }, string.Join('\n', report.Differences!.Samples));
        Assert.Equal(["new"], await RowsAsync(pair.Clone));
    }

    [Fact]
    public async Task A_log_in_that_the_clone_refuses_has_its_reason()
    {
        var wrong = ServiceRules.None with { Credentials = new Dictionary<string, string> { ["shop"] = "wrong" } };
        await using var proxy = Scenes.In("postgresql", pair.Original.EndPoint, pair.Clone.EndPoint, wrong);
        using var client = await RawPostgreSql.ConnectAsync(proxy.EndPoint, pair.Database);
        await client.AskAsync("SELECT 1");
        var report = await Scenes.UntilAsync(proxy, now => now.GivenUp!.ContainsKey("log-in"));
        Assert.False(report.GivenUp!.ContainsKey("protocol"));
    }

    [Fact]
    public async Task A_text_that_only_looks_as_if_it_named_a_process_comes_to_the_clone_as_it_is_in_any_character_set()
    {
        await using var proxy = Scenes.In("postgresql", pair.Original.EndPoint, pair.Clone.EndPoint);
        using var client = await RawPostgreSql.ConnectAsync(proxy.EndPoint, pair.Database, 0, ("client_encoding", "LATIN1"));
        byte[] text = [.. "INSERT INTO items VALUES ('pg_stat_rapidit"u8, 0xE9, .. " pid = 1')\0"u8];
        await client.SendAsync(PgMessage.Frame('Q', text));
        await client.UntilAsync("Z");
        await Scenes.UntilAsync(proxy, now => now.Sandbox!.Requests >= 1);
        Assert.Equal(["pg_stat_rapidit\u00E9 pid = 1"], await RowsAsync(pair.Clone));
    }

    [Theory]
    [InlineData("SELECT pg_terminate_backend(999999)")]
    [InlineData("SELECT pg_cancel_backend(p) FROM (VALUES (999999)) v(p)")]
    public async Task A_statement_that_would_end_another_session_at_the_clone_is_not_repeated_and_the_session_goes_on(string sql)
    {
        await using var proxy = Scenes.In("postgresql", pair.Original.EndPoint, pair.Clone.EndPoint);
        using var client = await RawPostgreSql.ConnectAsync(proxy.EndPoint, pair.Database);
        await client.AskAsync(sql);
        await client.AskAsync("INSERT INTO items VALUES ('after')");
        var report = await AllRepeatedAsync(proxy, 1);
        Assert.Equal(1, report.GivenUp!["not-repeatable"].Count);
        Assert.Equal(["after"], await RowsAsync(pair.Clone));
    }

    [Theory]
    [InlineData("SELECT pg_terminate_backend(NUMBER)")]
    [InlineData("SELECT PG_TERMINATE_BACKEND(NUMBER)")]
    [InlineData("SELECT pg_catalog.pg_terminate_backend /* it */ ( 'NUMBER'::int, 5000 )")]
    [InlineData("DO $$ BEGIN PERFORM pg_terminate_backend(pid => NUMBER); END $$")]
    [InlineData("PREPARE k(int) AS SELECT pg_terminate_backend($1); EXECUTE k(NUMBER)")]
    [InlineData("SELECT pg_terminate_backend($1)")]
    [InlineData("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid = $1")]
    [InlineData("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid = NUMBER")]
    public async Task A_process_that_a_statement_names_is_the_clones_own(string sql)
    {
        await using var proxy = Scenes.In("postgresql", pair.Original.EndPoint, pair.Clone.EndPoint);
        using var victim = await RawPostgreSql.ConnectAsync(proxy.EndPoint, pair.Database, 0, ("application_name", "victim"));
        await victim.AskAsync("SELECT 1");
        await AllRepeatedAsync(proxy, 1);
        var number = System.Buffers.Binary.BinaryPrimitives.ReadInt32BigEndian(victim.Key).ToString();
        using var client = await RawPostgreSql.ConnectAsync(proxy.EndPoint, pair.Database);
        // At the clone this number is another session's, or nobody's.
        if (!sql.Contains("NUMBER", StringComparison.Ordinal))
        {
            await client.SendAsync(
                RawPostgreSql.Parse("k", sql), RawPostgreSql.Bind("", "k", number),
                RawPostgreSql.Execute(""), RawPostgreSql.Sync);
            await client.UntilAsync("Z");
        }
        else
        {
            await client.AskAsync(sql.Replace("NUMBER", number, StringComparison.Ordinal));
        }

        var report = await AllRepeatedAsync(proxy, 2);
        Assert.True(report.Differences is { Status: 0, Length: 0, Content: 0 }, string.Join('\n', report.Differences!.Samples));
        await UntilRowsAsync(pair.Clone, "0", "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'victim'");
    }

    private static byte[][] Copy =>
        [RawPostgreSql.Parse("", "COPY items FROM STDIN"), RawPostgreSql.Bind("", ""), RawPostgreSql.Execute(""), RawPostgreSql.Sync];

    private static async Task BeginCopyAsync(RawPostgreSql client, bool isExtended)
    {
        await client.SendAsync(isExtended ? Copy : [RawPostgreSql.Query("COPY items FROM STDIN")]);
        Assert.EndsWith("G", (await client.UntilAsync("GZ")).Types, StringComparison.Ordinal);
    }

    private static Task<Report> AllRepeatedAsync(StandAloneProxy proxy, int requests) =>
        Scenes.UntilAsync(proxy, now => now.Differences!.Compared >= requests);

    private Task<RawPostgreSql> ConnectAsync(PostgreSqlServer server) => RawPostgreSql.ConnectAsync(server.EndPoint, pair.Database);

    private async Task KillAsync(PostgreSqlServer server)
    {
        using var killer = await ConnectAsync(server);
        await killer.AskAsync(
            "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()");
    }

    private async Task<IReadOnlyList<string>> RowsAsync(PostgreSqlServer server, string sql = "SELECT name FROM items ORDER BY name")
    {
        using var client = await ConnectAsync(server);
        return (await client.AskAsync(sql)).Rows;
    }

    private async Task UntilRowsAsync(PostgreSqlServer server, string rows, string sql = "SELECT name FROM items ORDER BY name")
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(3));
        while (string.Join(',', await RowsAsync(server, sql)) != rows)
        {
            Assert.False(patience.IsCancellationRequested);
            await Task.Delay(20, CancellationToken.None);
        }
    }
}
