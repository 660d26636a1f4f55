using System.Collections.Concurrent;
using System.IO.Compression;
using System.Net;
using System.Text;
using System.Text.RegularExpressions;
using JustRunIt.ProxyNode.Recording;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace JustRunIt.ProxyNode.Tests;

/// <summary>
/// Names that two real servers give out in headers and compressed bodies, and that clients send back in headers and bodies.
/// </summary>
public sealed class IdentitiesElsewhereTests
{
    private static readonly ServiceRules Rules = ServiceRules.None with
    {
        Identities = [WildcardRules.Pattern("/item/([0-9a-f]{32})"), WildcardRules.Pattern("\"token\":\"([0-9a-f]{32})\"")],
        ReplyWildcards = [WildcardRules.Pattern("[0-9]+ ms")],
    };

    [Fact]
    public async Task A_duplicate_carries_the_clone_s_own_names_in_whatever_header_they_are_sent_back()
    {
        await using var original = await TestServer.StartAsync(Map);
        await using var clone = await TestServer.StartAsync(Map);
        await using var proxy = Scenes.In("http", original.EndPoint, clone.EndPoint, Rules);
        using var http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false })
        { BaseAddress = new Uri($"http://{proxy.EndPoint}") };
        var asked = 0;

        var moved = await AskAsync("/new");
        var place = moved.Headers.Location!.ToString();
        await AskAsync(place);
        await AskAsync("/referred", ("Referer", $"http://shop{place}"));
        var page = await AskAsync("/login");
        using var plain = new GZipStream(await page.Content.ReadAsStreamAsync(), CompressionMode.Decompress);
        var token = Regex.Match(await new StreamReader(plain).ReadToEndAsync(), "[0-9a-f]{32}").Value;
        await AskAsync("/me", ("Authorization", $"Bearer {token}"));
        var form = await AskAsync("/form");
        var cookie = form.Headers.GetValues("Set-Cookie").Single().Split(';')[0];
        await AskAsync("/ajax", ("Cookie", cookie), ("X-XSRF-TOKEN", cookie.Split('=')[1]));

        var report = await proxy.ReportAsync();
        Assert.Empty(report.Differences!.Samples);
        Assert.Equal(asked, report.Differences.Compared);

        async Task<HttpResponseMessage> AskAsync(string path, params (string Name, string Value)[] headers)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, path);
            foreach (var (name, value) in headers)
                request.Headers.TryAddWithoutValidation(name, value);
            var reply = await http.SendAsync(request);
            Assert.True((int)reply.StatusCode < 400, $"{path}: {reply.StatusCode}");
            asked++;
            // A user thinks longer than the time shift.
            await Scenes.UntilAsync(proxy, report => report.Differences!.Compared >= asked);
            return reply;
        }
    }

    [Fact]
    public async Task A_duplicate_s_body_has_the_clone_s_own_names_however_it_is_sent_and_what_nobody_can_read_is_counted()
    {
        await using var original = await TestServer.StartAsync(Map);
        await using var clone = await TestServer.StartAsync(Map);
        await using var proxy = Scenes.In("http", original.EndPoint, clone.EndPoint, Rules);
        using var http = new HttpClient(new SocketsHttpHandler { UseCookies = false })
        { BaseAddress = new Uri($"http://{proxy.EndPoint}") };
        var asked = 1;
        var page = await http.GetAsync("/login");
        await Scenes.UntilAsync(proxy, report => report.Differences!.Compared >= asked);
        using var plain = new GZipStream(await page.Content.ReadAsStreamAsync(), CompressionMode.Decompress);
        var token = Regex.Match(await new StreamReader(plain).ReadToEndAsync(), "[0-9a-f]{32}").Value;

        foreach (var isChunked in (bool[])[false, true])
        {
            foreach (var coding in (string[])["", "gzip", "br", "deflate"])
                await SendAsync(coding, isChunked, HttpStatusCode.OK);
        }

        Assert.Empty((await proxy.ReportAsync()).Differences!.Samples);
        // Both sides would refuse it; nobody can tell what is in it.
        await SendAsync("zstd", isChunked: false, HttpStatusCode.Forbidden, isRepeated: false);
        var report = await Scenes.UntilAsync(proxy, report => report.GivenUp!.ContainsKey("not-repeatable"));
        Assert.Equal(1, report.GivenUp!["not-repeatable"].Count);
        Assert.Contains("zstd", Assert.Single(report.GivenUp["not-repeatable"].Samples), StringComparison.Ordinal);
        await SendAsync("", isChunked: false, HttpStatusCode.OK);

        async Task SendAsync(string coding, bool isChunked, HttpStatusCode expected, bool isRepeated = true)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/said")
            {
                Content = new ByteArrayContent(Coded(coding, $"{{\"token\":\"{token}\"}}")),
            };
            request.Headers.TransferEncodingChunked = isChunked;
            if (coding.Length > 0)
                request.Content.Headers.ContentEncoding.Add(coding);
            Assert.Equal(expected, (await http.SendAsync(request)).StatusCode);
            asked += isRepeated ? 1 : 0;
            await Scenes.UntilAsync(proxy, report => report.Differences!.Compared >= asked);
        }
    }

    private static byte[] Coded(string coding, string text)
    {
        using var bytes = new MemoryStream();
        if (coding is not ("gzip" or "br" or "deflate"))
            return Encoding.ASCII.GetBytes(text);
        using (Stream to = coding switch
        {
            "gzip" => new GZipStream(bytes, CompressionMode.Compress, leaveOpen: true),
            "br" => new BrotliStream(bytes, CompressionMode.Compress, leaveOpen: true),
            _ => new ZLibStream(bytes, CompressionMode.Compress, leaveOpen: true),
        })
            to.Write(Encoding.ASCII.GetBytes(text));
        return bytes.ToArray();
    }

    private static void Map(WebApplication application)
    {
        var given = new ConcurrentDictionary<string, bool>();
        application.MapGet("/new", () => Results.Redirect($"/item/{Give()}"));
        application.MapGet("/item/{name}", (string name) => Answer(given.ContainsKey(name)));
        application.MapGet("/referred", (HttpContext context) => Answer(Knows(context.Request.Headers.Referer)));
        application.MapGet("/login", async (HttpContext context) =>
        {
            context.Response.Headers.ContentEncoding = "gzip";
            var took = Random.Shared.Next(10, 1000);
            await using var page = new GZipStream(context.Response.Body, CompressionLevel.Fastest);
            await page.WriteAsync(Encoding.ASCII.GetBytes($"{{\"token\":\"{Give()}\",\"took\":\"{took} ms\"}}"));
        });
        application.MapPost("/said", async (HttpContext context) =>
        {
            await using Stream body = (string?)context.Request.Headers.ContentEncoding switch
            {
                "gzip" => new GZipStream(context.Request.Body, CompressionMode.Decompress),
                "br" => new BrotliStream(context.Request.Body, CompressionMode.Decompress),
                "deflate" => new ZLibStream(context.Request.Body, CompressionMode.Decompress),
                null => context.Request.Body,
                _ => Stream.Null,
            };
            var said = await new StreamReader(body).ReadToEndAsync();
            return Answer(Regex.Match(said, "[0-9a-f]{32}") is { Success: true } match && given.ContainsKey(match.Value));
        });
        application.MapGet("/me", (HttpContext context) => Answer(Knows(context.Request.Headers.Authorization)));
        application.MapGet("/form", (HttpContext context) =>
        {
            context.Response.Headers.SetCookie = $"XSRF-TOKEN={Give()}; Path=/";
            return "form";
        });
        application.MapGet("/ajax", (HttpContext context) => Answer(
            Knows(context.Request.Headers["X-XSRF-TOKEN"])
                && context.Request.Cookies["XSRF-TOKEN"] == context.Request.Headers["X-XSRF-TOKEN"]));

        string Give()
        {
            var name = Guid.NewGuid().ToString("N");
            given[name] = true;
            return name;
        }

        bool Knows(string? header) =>
            Regex.Match(header ?? "", "[0-9a-f]{32}$") is { Success: true } match && given.ContainsKey(match.Value);

        static IResult Answer(bool isKnown) => isKnown ? Results.Text("yes") : Results.StatusCode((int)HttpStatusCode.Forbidden);
    }
}
