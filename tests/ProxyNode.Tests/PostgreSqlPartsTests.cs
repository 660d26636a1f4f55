using System.Buffers.Binary;
using JustRunIt.ProxyNode.Recording;
using JustRunIt.ProxyNode.Tests.Peers;

namespace JustRunIt.ProxyNode.Tests;

/// <summary>Clients of PostgreSQL that wait for a part of a reply, at the out-proxy and in place of it for a clone.</summary>
[Collection(PeerServers.Name)]
public sealed class PostgreSqlPartsTests(PeerServers servers) : IAsyncLifetime
{
    private PostgreSqlPair pair = null!;

    public async Task InitializeAsync() => pair = await servers.PostgreSqlAsync();

    public async Task DisposeAsync() => await pair.DisposeAsync();

    [Fact]
    public async Task A_portal_that_is_fetched_in_pieces_is_answered_piece_by_piece()
    {
        await using var proxy = Scenes.Out("postgresql", pair.Original.EndPoint);
        async Task<List<string>> FetchAsync(System.Net.IPEndPoint at, string first)
        {
            var heard = new List<string>();
            using var client = await RawPostgreSql.ConnectAsync(at, pair.Database);
            await client.SendAsync(
                RawPostgreSql.Parse("", $"SELECT i FROM generate_series({first}, 5) i"), RawPostgreSql.Bind("p", ""),
                RawPostgreSql.DescribePortal("p"), RawPostgreSql.Flush);
            heard.Add((await client.UntilAsync("TE")).Types);
            for (var types = ""; !types.EndsWith('C');)
            {
                await client.SendAsync(RawPostgreSql.Execute("p", 2), RawPostgreSql.Flush);
                (types, var rows) = await client.UntilAsync("sCE");
                heard.Add($"{types} {string.Join(',', rows)}");
            }

            await client.SendAsync(RawPostgreSql.Sync);
            heard.Add((await client.UntilAsync("Z")).Types);
            return heard;
        }

        Assert.Equal(["12T", "DDs 1,2", "DDs 3,4", "DC 5", "Z"], await FetchAsync(proxy.EndPoint, "1"));
        var other = await FetchAsync(proxy.EndPoint, "2");
        await Scenes.RecordedAsync(proxy, 10);
        Assert.Equal(["12T", "DDs 1,2", "DDs 3,4", "DC 5", "Z"], await FetchAsync(proxy.SandboxEndPoint!, "1"));
        Assert.Equal(other, await FetchAsync(proxy.SandboxEndPoint!, "2"));
        Assert.Equal(0, (await proxy.ReportAsync()).Matches!.Missing);
    }

    [Fact]
    public async Task After_a_cancel_request_a_clone_is_greeted_as_before()
    {
        await using var proxy = Scenes.Out("postgresql", pair.Original.EndPoint);
        using (var client = await RawPostgreSql.ConnectAsync(proxy.EndPoint, pair.Database))
        {
            await client.SendAsync(
                RawPostgreSql.Parse("", "SELECT 1"), RawPostgreSql.Bind("", ""), RawPostgreSql.Execute("", 0), RawPostgreSql.Sync);
            await client.UntilAsync("Z");
            // The request's code (80877102), and a process and a key of nobody.
            using var cancelling = await RawClient.ConnectAsync(proxy.EndPoint);
            await cancelling.SendAsync("\0\0\0\x10\x04\xD2\x16\x2E" + new string('\0', 8));
            await cancelling.ReadToEndAsync();
        }

        (await RawPostgreSql.ConnectAsync(proxy.SandboxEndPoint!, pair.Database)).Dispose();
    }

    [Fact]
    public async Task Portals_that_are_fetched_in_requests_of_their_own_are_told_apart()
    {
        await using var proxy = Scenes.Out("postgresql", pair.Original.EndPoint);
        async Task<string> FetchAsync(System.Net.IPEndPoint at, string sql)
        {
            using var client = await RawPostgreSql.ConnectAsync(at, pair.Database);
            await client.AskAsync("BEGIN");
            await client.SendAsync(
                RawPostgreSql.Parse("", sql), RawPostgreSql.Bind("p", ""), RawPostgreSql.Execute("p", 1), RawPostgreSql.Sync);
            var (_, first) = await client.UntilAsync("Z");
            await client.SendAsync(RawPostgreSql.Execute("p", 1), RawPostgreSql.Sync);
            var (_, second) = await client.UntilAsync("Z");
            return $"{string.Join(',', first)} {string.Join(',', second)}";
        }

        Assert.Equal("1 2", await FetchAsync(proxy.EndPoint, "SELECT generate_series(1, 9)"));
        Assert.Equal("a b", await FetchAsync(proxy.EndPoint, "SELECT unnest(ARRAY['a', 'b', 'c'])"));
        await Scenes.RecordedAsync(proxy, 6);
        Assert.Equal("a b", await FetchAsync(proxy.SandboxEndPoint!, "SELECT unnest(ARRAY['a', 'b', 'c'])"));
        Assert.Equal("1 2", await FetchAsync(proxy.SandboxEndPoint!, "SELECT generate_series(1, 9)"));
    }

    [Fact]
    public async Task What_follows_an_error_up_to_a_Sync_is_dropped_as_by_the_server()
    {
        await using var proxy = Scenes.Out("postgresql", pair.Original.EndPoint);
        async Task<string> SayAsync(System.Net.IPEndPoint at)
        {
            using var client = await RawPostgreSql.ConnectAsync(at, pair.Database);
            await client.SendAsync(RawPostgreSql.Parse("", "SELECT nothing"), RawPostgreSql.Flush);
            var first = (await client.UntilAsync("1E")).Types;
            await client.SendAsync(
                RawPostgreSql.Bind("", ""), RawPostgreSql.Execute(""), RawPostgreSql.Flush, RawPostgreSql.Execute(""), RawPostgreSql.Sync);
            return $"{first} {(await client.UntilAsync("Z")).Types} {(await client.AskAsync("SELECT 1")).Types}";
        }

        Assert.Equal("E Z TDCZ", await SayAsync(proxy.EndPoint));
        await Scenes.RecordedAsync(proxy, 2);
        Assert.Equal("E Z TDCZ", await SayAsync(proxy.SandboxEndPoint!));
    }

    [Fact]
    public async Task A_copy_that_the_server_broke_off_is_broken_off_for_a_clone_that_waits_for_that()
    {
        await using var proxy = Scenes.Out("postgresql", pair.Original.EndPoint);
        async Task<string> SayAsync(System.Net.IPEndPoint at)
        {
            using var client = await RawPostgreSql.ConnectAsync(at, pair.Database);
            await client.AskAsync("CREATE TEMP TABLE items (name TEXT)");
            await client.SendAsync(RawPostgreSql.Query("COPY items FROM STDIN"));
            await client.UntilAsync("G");
            await client.SendAsync(RawPostgreSql.Data("a\tone column too many\n"));
            return $"{(await client.UntilAsync("Z")).Types} {(await client.AskAsync("SELECT 1")).Types}";
        }

        Assert.Equal("EZ TDCZ", await SayAsync(proxy.EndPoint));
        await Scenes.RecordedAsync(proxy, 4);
        Assert.Equal("EZ TDCZ", await SayAsync(proxy.SandboxEndPoint!));
        Assert.Equal(0, (await proxy.ReportAsync()).Matches!.Missing);
    }

    [Fact]
    public async Task Data_of_a_copy_may_come_before_the_server_has_asked_for_them()
    {
        await using var proxy = Scenes.Out("postgresql", pair.Original.EndPoint);
        async Task<string> SayAsync(System.Net.IPEndPoint at)
        {
            using var client = await RawPostgreSql.ConnectAsync(at, pair.Database);
            await client.AskAsync("CREATE TEMP TABLE items (name TEXT)");
            await client.SendAsync(RawPostgreSql.Query("COPY items FROM STDIN"), RawPostgreSql.Data("a\n"), RawPostgreSql.CopyDone);
            var copied = (await client.UntilAsync("Z")).Types;
            await client.SendAsync(
                RawPostgreSql.Parse("", "SELECT 1"), RawPostgreSql.Bind("", ""), RawPostgreSql.Execute(""), RawPostgreSql.Sync);
            return $"{copied} {(await client.UntilAsync("Z")).Types}";
        }

        Assert.Equal("GCZ 12DCZ", await SayAsync(proxy.EndPoint));
        await Scenes.RecordedAsync(proxy, 3);
        Assert.Equal("GCZ 12DCZ", await SayAsync(proxy.SandboxEndPoint!));
        Assert.Equal(0, (await proxy.ReportAsync()).Matches!.Missing);
    }

    [Fact]
    public async Task A_value_under_a_wildcard_may_be_longer_on_one_side()
    {
        await using var proxy = Scenes.Out("postgresql", pair.Original.EndPoint, ServiceRules.None with
        {
            Wildcards = new WildcardRules { Sql = [WildcardRules.Pattern(@"\d{4}-\d{1,2}-\d{1,2} \d{1,2}:\d{1,2}:\d{1,2}")] },
        });
        async Task<string> SayAsync(System.Net.IPEndPoint at, string clock, string other)
        {
            using var client = await RawPostgreSql.ConnectAsync(at, pair.Database);
            await client.SendAsync(
                RawPostgreSql.Parse("s", "SELECT $1::text || $2::text"), RawPostgreSql.Bind("", "s", other, clock),
                RawPostgreSql.Execute(""), RawPostgreSql.Sync);
            return (await client.UntilAsync("Z")).Rows.Single();
        }

        Assert.Equal("a2026-11-28 12:43:5", await SayAsync(proxy.EndPoint, "2026-11-28 12:43:5", "a"));
        Assert.Equal("b2026-11-28 12:43:7", await SayAsync(proxy.EndPoint, "2026-11-28 12:43:7", "b"));
        await Scenes.RecordedAsync(proxy, 2);
        Assert.Equal("a2026-11-28 12:43:5", await SayAsync(proxy.SandboxEndPoint!, "2026-11-28 12:43:15", "a"));
        Assert.Equal("b2026-11-28 12:43:7", await SayAsync(proxy.SandboxEndPoint!, "2026-11-28 12:43:17", "b"));
        var matches = (await proxy.ReportAsync()).Matches!;
        Assert.True(matches is { Wildcard: 2, Nearest: 0, Missing: 0 }, $"{matches}");
    }

    [Theory]
    [InlineData(2)]
    [InlineData(9999)]
    public async Task A_newer_minor_version_is_negotiated_at_the_sandbox_address_as_by_the_server(int minor)
    {
        await using var proxy = Scenes.Out("postgresql", pair.Original.EndPoint);
        (string, string)[] options = minor == 2 ? [] : [("_pq_.test_protocol_negotiation", "")];
        using var online = await RawPostgreSql.ConnectAsync(proxy.EndPoint, pair.Database, minor, options);
        Assert.NotEmpty(online.Negotiated);
        await online.AskAsync("SELECT 1");
        await Scenes.RecordedAsync(proxy, 1);
        using var clone = await RawPostgreSql.ConnectAsync(proxy.SandboxEndPoint!, pair.Database, minor, options);
        Assert.Equal(Convert.ToHexString(online.Negotiated), Convert.ToHexString(clone.Negotiated));
        Assert.Equal(online.Key.Length, clone.Key.Length);
        Assert.Equal(["1"], (await clone.AskAsync("SELECT 1")).Rows);
        Assert.Equal(3 << 16, BinaryPrimitives.ReadInt32BigEndian(clone.Negotiated) & ~0xFFFF);
    }
}
