using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace JustRunIt.ProxyNode.Tests;

/// <summary>What a client sees through an in-proxy is what it would see without.</summary>
public sealed class RelayTests : IAsyncLifetime
{
    private TestServer server = null!;
    private TierProxy proxy = null!;

    public async Task InitializeAsync()
    {
        server = await TestServer.StartAsync(Map);
        proxy = await TierProxy.StartAsync(Settings.Tier(server.EndPoint), TimeProvider.System);
    }

    public async Task DisposeAsync()
    {
        await proxy.DisposeAsync();
        await server.DisposeAsync();
    }

    [Fact]
    public async Task Pipelined_requests_are_answered_in_order()
    {
        using var client = await RawClient.ConnectAsync(proxy.EndPoint);
        await client.SendAsync("GET /echo/1 HTTP/1.1\r\nHost: h\r\n\r\nGET /echo/2 HTTP/1.1\r\nHost: h\r\n\r\nGET /echo/3 "
            + "HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
        var text = await client.ReadToEndAsync();
        Assert.Equal(["1", "2", "3"], text.Split("path ").Skip(1).Select(part => part[..1]));
    }

    [Fact]
    public async Task A_request_in_single_bytes_is_answered()
    {
        using var client = await RawClient.ConnectAsync(proxy.EndPoint);
        foreach (var c in "POST /length HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nConnection: "
            + "close\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nX-Trailer: t\r\n\r\n")
            await client.SendAsync(c.ToString());
        Assert.Contains("length 5 trailer t", await client.ReadToEndAsync());
    }

    [Fact]
    public async Task A_large_body_passes_both_ways_in_order()
    {
        using var http = Client();
        var body = new byte[8 << 20];
        new Random(1).NextBytes(body);
        using var reply = await http.PostAsync("/mirror", new ByteArrayContent(body));
        Assert.Equal(body, await reply.Content.ReadAsByteArrayAsync());
    }

    [Fact]
    public async Task One_connection_serves_many_requests()
    {
        using var http = Client();
        var ports = new HashSet<string>();
        for (var i = 0; i < 20; i++)
            ports.Add(await http.GetStringAsync("/port"));
        Assert.Single(ports);
    }

    [Fact]
    public async Task A_reply_to_head_has_no_body_and_the_connection_goes_on()
    {
        using var http = Client();
        for (var i = 0; i < 3; i++)
        {
            using var reply = await http.SendAsync(new HttpRequestMessage(HttpMethod.Head, "/fixed"));
            Assert.Equal(5, reply.Content.Headers.ContentLength);
        }

        Assert.Equal("fixed", await http.GetStringAsync("/fixed"));
    }

    [Fact]
    public async Task Continue_reaches_the_client_before_it_sends_the_body()
    {
        using var client = await RawClient.ConnectAsync(proxy.EndPoint);
        await client.SendAsync(
            "POST /length HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 100", await client.ReadReplyAsync());
        await client.SendAsync("12345");
        Assert.Contains("length 5", await client.ReadToEndAsync());
    }

    [Fact]
    public async Task After_an_upgrade_bytes_pass_as_they_are()
    {
        using var client = await RawClient.ConnectAsync(proxy.EndPoint);
        await client.SendAsync("GET /upgrade HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: shout\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 101", await client.ReadReplyAsync());
        await client.SendAsync("not http at all");
        Assert.Equal("NOT HTTP AT ALL", await client.ReadAsync("NOT HTTP AT ALL".Length));
    }

    [Fact]
    public async Task A_refused_upgrade_leaves_a_connection_that_speaks_http()
    {
        using var client = await RawClient.ConnectAsync(proxy.EndPoint);
        await client.SendAsync("GET /echo/1 HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: shout\r\n\r\nGET /echo/2 "
            + "HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
        Assert.Equal(["1", "2"], (await client.ReadToEndAsync()).Split("path ").Skip(1).Select(part => part[..1]));
    }

    [Theory]
    [MemberData(nameof(HeadParserTests.Smuggling), MemberType = typeof(HeadParserTests))]
    public async Task What_is_refused_gets_400_and_never_reaches_the_server(string request)
    {
        using var client = await RawClient.ConnectAsync(proxy.EndPoint);
        await client.SendAsync(request);
        Assert.StartsWith("HTTP/1.1 400", await client.ReadToEndAsync());
        Assert.Equal(0, proxy.ResponseTimes!.Take().Requests);
    }

    [Fact]
    public async Task A_bad_chunk_in_the_first_bytes_gets_400_after_the_replies_before_it()
    {
        using var client = await RawClient.ConnectAsync(proxy.EndPoint);
        await client.SendAsync(
            "GET /echo/1 HTTP/1.1\r\nHost: h\r\n\r\nPOST /length HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n");
        var text = await client.ReadToEndAsync();
        Assert.Contains("path 1", text);
        Assert.EndsWith("HTTP/1.1.\n", text);
        Assert.DoesNotContain("length", text[..text.IndexOf("400", StringComparison.Ordinal)].Split("path 1")[1]);
    }

    [Fact]
    public async Task A_client_that_has_said_all_still_gets_its_reply()
    {
        using var client = await RawClient.ConnectAsync(proxy.EndPoint);
        await client.SendAsync("GET /slow HTTP/1.1\r\nHost: h\r\n\r\n");
        client.Socket.Shutdown(SocketShutdown.Send);
        Assert.Contains("slow", await client.ReadToEndAsync());
    }

    [Fact]
    public async Task A_server_that_does_not_listen_is_a_bad_gateway()
    {
        await using var nowhere = await TierProxy.StartAsync(Settings.Tier(new IPEndPoint(IPAddress.Loopback, 1)), TimeProvider.System);
        using var http = new HttpClient { BaseAddress = new Uri($"http://{nowhere.EndPoint}") };
        using var reply = await http.GetAsync("/");
        Assert.Equal(HttpStatusCode.BadGateway, reply.StatusCode);
        await TakeAsync(nowhere, (_, errors) => errors == 1);
    }

    [Fact]
    public async Task Response_times_run_from_arrival_to_the_last_byte()
    {
        using var http = Client();
        await http.GetStringAsync("/slow");
        await http.GetAsync("/fail");
        var (requests, errors, longest) = await TakeAsync(proxy, (count, _) => count >= 2);
        Assert.Equal((2, 1), (requests, errors));
        Assert.True(longest >= TimeSpan.FromMilliseconds(100), $"{longest}");
        Assert.Equal(0, proxy.ResponseTimes!.Take().Requests);
    }

    /// <summary>What was measured, when there is enough of it: a client may have its reply before it is counted.</summary>
    private static async Task<(long Requests, long Errors, TimeSpan Longest)> TakeAsync(TierProxy from, Func<long, long, bool> isEnough)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        var (requests, errors, longest) = (0L, 0L, TimeSpan.Zero);
        while (true)
        {
            var interval = from.ResponseTimes!.Take();
            (requests, errors) = (requests + interval.Requests, errors + interval.Errors);
            longest = interval.Requests > 0 && interval.Maximum > longest ? interval.Maximum : longest;
            if (isEnough(requests, errors))
                return (requests, errors, longest);
            await Task.Delay(10, patience.Token);
        }
    }

    private HttpClient Client() => new() { BaseAddress = new Uri($"http://{proxy.EndPoint}") };

    private static void Map(WebApplication application)
    {
        application.MapGet("/echo/{n}", (string n) => $"path {n}");
        application.MapGet("/fixed", () => "fixed");
        application.MapMethods("/fixed", ["HEAD"], (HttpContext context) => { context.Response.ContentLength = 5; });
        application.MapGet("/port", (HttpContext context) => context.Connection.RemotePort.ToString());
        application.MapGet("/fail", () => Results.StatusCode(500));
        application.MapGet("/slow", async () =>
        {
            await Task.Delay(120);
            return "slow";
        });
        application.MapPost("/length", async (HttpContext context) =>
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body);
            var trailer = context.Request.CheckTrailersAvailable() ? context.Request.GetTrailer("X-Trailer").ToString() : "";
            return $"length {body.Length} trailer {trailer}";
        });
        application.MapPost("/mirror", async (HttpContext context) =>
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body);
            return Results.Bytes(body.ToArray());
        });
        application.MapGet("/upgrade", async (HttpContext context) =>
        {
            await using var stream = await context.Features.Get<IHttpUpgradeFeature>()!.UpgradeAsync();
            var buffer = new byte[100];
            var count = await stream.ReadAsync(buffer);
            await stream.WriteAsync(Encoding.ASCII.GetBytes(Encoding.ASCII.GetString(buffer, 0, count).ToUpperInvariant()));
        });
    }
}
