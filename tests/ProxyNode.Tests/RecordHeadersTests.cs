using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace JustRunIt.ProxyNode.Tests;

/// <summary>A clone is answered as the same request was: what decides a real server's reply besides the target is a part of it.</summary>
public sealed class RecordHeadersTests
{
    [Theory]
    [InlineData("X-Tenant", "blue", "green")]
    [InlineData("Accept-Language", "de", "fr")]
    [InlineData("Accept", "text/html", "application/json")]
    [InlineData("Authorization", "Bearer one", "Bearer two")]
    [InlineData("Cookie", "s=1", "s=2")]
    [InlineData("Host", "one.example", "two.example")]
    [InlineData("If-None-Match", "\"a\"", "\"b\"")]
    [InlineData("User-Agent", "phone", "desk")]
    public async Task Requests_that_differ_in_a_header_alone_are_answered_each_with_its_own_reply(string name, string one, string other)
    {
        await using var server = await TestServer.StartAsync(application =>
            application.MapGet("/", (HttpContext context) => $"for {context.Request.Headers[name]}"));
        await using var proxy = Scenes.Out("http", server.EndPoint);
        await SayAsync(proxy.EndPoint, one, other);
        await Scenes.RecordedAsync(proxy, 2);
        // In another order: what is nearest in time is the other's.
        await SayAsync(proxy.SandboxEndPoint!, other, one);
        var matches = (await proxy.ReportAsync()).Matches!;
        Assert.True(matches is { Exact: 2, Nearest: 0, Missing: 0 }, $"{matches}");

        async Task SayAsync(IPEndPoint at, params string[] values)
        {
            using var client = await RawClient.ConnectAsync(at);
            foreach (var value in values)
            {
                var host = name == "Host" ? "" : "Host: h\r\n";
                await client.SendAsync($"GET / HTTP/1.1\r\n{host}{name}: {value}\r\nX-Request-Id: {Guid.NewGuid()}\r\n\r\n");
                Assert.Contains($"for {value}", await client.ReadReplyAsync(), StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public async Task A_form_in_parts_is_found_whatever_boundary_its_client_has_drawn()
    {
        await using var server = await TestServer.StartAsync(application =>
            application.MapPost("/", (HttpContext context) => $"got {context.Request.Form["x"]}"));
        await using var proxy = Scenes.Out("http", server.EndPoint);
        await SayAsync(proxy.EndPoint);
        await Scenes.RecordedAsync(proxy, 2);
        await SayAsync(proxy.SandboxEndPoint!);
        var matches = (await proxy.ReportAsync()).Matches!;
        Assert.True(matches is { Exact: 2, Nearest: 0, Missing: 0 }, $"{matches}");

        static async Task SayAsync(IPEndPoint at)
        {
            using var http = new HttpClient { BaseAddress = new Uri($"http://{at}") };
            foreach (var value in (string[])["one", "two"])
            {
                using var form = new MultipartFormDataContent { { new StringContent(value), "x" } };
                Assert.Equal($"got {value}", await (await http.PostAsync("/", form)).Content.ReadAsStringAsync());
            }
        }
    }

    [Fact]
    public async Task What_was_never_recorded_is_a_head_alone_for_who_asks_for_one_and_the_connection_goes_on()
    {
        await using var server = await TestServer.StartAsync(application => application.MapGet("/", () => "recorded"));
        await using var proxy = Scenes.Out("http", server.EndPoint);
        using (var online = await RawClient.ConnectAsync(proxy.EndPoint))
        {
            await online.SendAsync("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
            await online.ReadReplyAsync();
        }

        await Scenes.RecordedAsync(proxy, 1);
        using var clone = await RawClient.ConnectAsync(proxy.SandboxEndPoint!);
        await clone.SendAsync("HEAD /never HTTP/1.1\r\nHost: h\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n");
        var said = "";
        while (!said.EndsWith("recorded", StringComparison.Ordinal) && !said.EndsWith("0\r\n\r\n", StringComparison.Ordinal))
            said += await clone.ReadAsync() is { Length: > 0 } more ? more : throw new InvalidOperationException(said);
        Assert.StartsWith("HTTP/1.1 502 ", said, StringComparison.Ordinal);
        Assert.Contains("\r\n\r\nHTTP/1.1 200 OK\r\n", said, StringComparison.Ordinal);
        Assert.True((await proxy.ReportAsync()).Matches is { Exact: 1, Missing: 1 });
    }

    [Fact]
    public async Task A_client_that_offers_http_2_goes_on_in_http_1_1_and_is_recorded()
    {
        await using var server = await TestServer.StartAsync(application => application.MapGet("/", () => "hello"));
        await using var proxy = Scenes.Out("http", server.EndPoint);
        using var client = await RawClient.ConnectAsync(proxy.EndPoint);
        await client.SendAsync(
            "GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n");
        Assert.Contains("hello", await client.ReadReplyAsync(), StringComparison.Ordinal);
        await Scenes.RecordedAsync(proxy, 1);
    }
}
