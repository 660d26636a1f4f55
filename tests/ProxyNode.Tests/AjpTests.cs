using System.Net;
using System.Text.RegularExpressions;
using JustRunIt.Infrastructure.Peers;
using JustRunIt.Infrastructure.Sources;
using JustRunIt.ProxyNode.Recording;
using JustRunIt.ProxyNode.Tests.Peers;

namespace JustRunIt.ProxyNode.Tests;

/// <summary>Apache with mod_jk before a Tomcat and its clone: what passes between them as AJP13.</summary>
[Collection(PeerServers.Name)]
public sealed class AjpTests(PeerServers servers) : IAsyncLifetime
{
    private TomcatServer original = null!;
    private TomcatServer clone = null!;

    public async Task InitializeAsync()
    {
        var both = await servers.TomcatsAsync();
        (original, clone) = (both.Original, both.Clone);
    }

    public Task DisposeAsync() => Task.CompletedTask;

    [Fact]
    public async Task Clients_see_through_the_proxy_what_they_see_without()
    {
        await using var proxy = Scenes.In("ajp13", original.Ajp);
        await using var apache = await ApacheWithModJk.StartAsync(proxy.EndPoint);
        using var http = new HttpClient { BaseAddress = apache.Address };
        http.DefaultRequestHeaders.Add("X-Own", "mine");
        Assert.Equal("GET a=b%20c mine", (await http.GetStringAsync("/echo.jsp?a=b%20c")).Trim());
        Assert.StartsWith("count 1", await http.GetStringAsync("/count.jsp"));
        Assert.StartsWith("count 2", await http.GetStringAsync("/count.jsp"));
        foreach (var length in (int[])[0, 1, 8186, 8187, 100_000])
            Assert.Equal(Expected(length), (await (await http.PostAsync("/length.jsp", Body(length))).Content.ReadAsStringAsync()).Trim());
        using var chunked = new HttpRequestMessage(HttpMethod.Post, "/length.jsp") { Content = Body(50_000) };
        chunked.Headers.TransferEncodingChunked = true;
        Assert.Equal(Expected(50_000), (await (await http.SendAsync(chunked)).Content.ReadAsStringAsync()).Trim());
        using var head = await http.SendAsync(new HttpRequestMessage(HttpMethod.Head, "/echo.jsp"));
        Assert.Equal((HttpStatusCode.OK, 0), (head.StatusCode, (await head.Content.ReadAsByteArrayAsync()).Length));
        Assert.Equal(HttpStatusCode.NotFound, (await http.GetAsync("/nothing")).StatusCode);
        Assert.Equal(HttpStatusCode.InternalServerError, (await http.GetAsync("/fail.jsp")).StatusCode);
        var report = await Scenes.UntilAsync(proxy, now => now.Live!.Requests >= 12);
        Assert.Equal((12, 1), (report.Live!.Requests, report.Live!.Errors));
    }

    [Fact]
    public async Task Sessions_that_begin_after_cloning_are_found_at_the_clone_by_cookie_and_by_path()
    {
        var rules = ServiceRules.None with { ReplyWildcards = [WildcardRules.Pattern(";jsessionid=[0-9A-F]+")] };
        await using var proxy = Scenes.In("ajp13", original.Ajp, clone.Ajp, rules);
        await using var apache = await ApacheWithModJk.StartAsync(proxy.EndPoint);
        using var withCookies = new HttpClient { BaseAddress = apache.Address };
        using var without = new HttpClient(new SocketsHttpHandler { UseCookies = false }) { BaseAddress = apache.Address };
        var path = "/count.jsp";
        for (var i = 1; i <= 5; i++)
        {
            Assert.StartsWith($"count {i}", await withCookies.GetStringAsync("/count.jsp"));
            var page = await without.GetStringAsync(path);
            Assert.StartsWith($"count {i}", page);
            path = Regex.Match(page, "at (.*)").Groups[1].Value.Trim();
            Assert.Contains(";jsessionid=", path);
            await withCookies.PostAsync("/length.jsp", Body(30_000));
            // A user thinks longer than the time shift: the clone's reply is known before the session's next request is due.
            await Scenes.UntilAsync(proxy, now => now.Sandbox!.Requests >= 3 * i);
        }

        var report = await Scenes.UntilAsync(proxy, now => now.Sandbox!.Requests >= 15);
        Assert.Equal(0, report.Sandbox!.Errors);
        Assert.Empty(report.Differences!.Samples);
        Assert.Equal(15, report.Differences.Compared);
    }

    [Fact]
    public async Task A_token_of_a_page_is_the_clone_s_own_in_a_body_of_any_length_wherever_its_packets_part_it()
    {
        var rules = ServiceRules.None with { Identities = [WildcardRules.Pattern("token=([0-9a-f-]{36})")] };
        await using var proxy = Scenes.In("ajp13", original.Ajp, clone.Ajp, rules);
        await using var apache = await ApacheWithModJk.StartAsync(proxy.EndPoint);
        using var http = new HttpClient { BaseAddress = apache.Address };
        var token = (await http.GetStringAsync("/token.jsp")).Trim()["token=".Length..];
        var asked = 1;
        await Scenes.UntilAsync(proxy, now => now.Differences!.Compared >= asked);
        foreach (var isChunked in (bool[])[false, true])
        {
            foreach (var before in (int[])[0, 8186 - 20, 8186 - 1, 40_000])
            {
                using var request = new HttpRequestMessage(HttpMethod.Post, "/token.jsp")
                {
                    Content = new StringContent($"{new string('x', before)}={token}=end"),
                };
                request.Headers.TransferEncodingChunked = isChunked;
                Assert.Equal("mine", (await (await http.SendAsync(request)).Content.ReadAsStringAsync()).Trim());
                asked++;
                await Scenes.UntilAsync(proxy, now => now.Differences!.Compared >= asked);
            }
        }

        var report = await proxy.ReportAsync();
        Assert.Empty(report.Differences!.Samples);
        Assert.Equal((0, 0), (report.Sandbox!.Errors, report.Duplicates!.GivenUp));
    }

    [Fact]
    public async Task A_clone_of_the_web_tier_is_answered_from_the_record_and_never_reaches_the_container()
    {
        await using var proxy = Scenes.Out(
            "ajp13", original.Ajp, clients: Environment.IsPrivilegedProcess ? ["user:www-data"] : null);
        await using var apache = await ApacheWithModJk.StartAsync(proxy.EndPoint);
        await using var cloned = await ApacheWithModJk.StartAsync(proxy.SandboxEndPoint!);
        using var online = new HttpClient(new SocketsHttpHandler { UseCookies = false }) { BaseAddress = apache.Address };
        using var sandbox = new HttpClient(new SocketsHttpHandler { UseCookies = false }) { BaseAddress = cloned.Address };
        var first = await SayAsync(online);
        await Scenes.RecordedAsync(proxy, 4);
        // Whatever the clone asks, the session at the container counts no further: it answers with the recorded reply.
        Assert.Equal(first, await SayAsync(sandbox));
        Assert.Equal(HttpStatusCode.BadGateway, (await sandbox.GetAsync("/else.jsp")).StatusCode);
        var matches = (await proxy.ReportAsync()).Matches!;
        Assert.True(matches is { Exact: 4, Missing: 1 }, $"{matches}");

        static async Task<string> SayAsync(HttpClient http)
        {
            var text = await http.GetStringAsync("/echo.jsp?x=1") + await http.GetStringAsync("/count.jsp");
            foreach (var length in (int[])[100, 40_000])
                text += await (await http.PostAsync("/length.jsp", Body(length))).Content.ReadAsStringAsync();
            return text;
        }
    }

    private static ByteArrayContent Body(int length) => new([.. Enumerable.Range(0, length).Select(i => (byte)(i * 7))]);

    private static string Expected(int length) =>
        $"length {length} sum {Enumerable.Range(0, length).Aggregate(0L, (sum, i) => ((sum * 31) + (byte)(i * 7)) % 1000003)}";
}
