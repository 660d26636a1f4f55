using System.Diagnostics;
using System.Net;
using System.Text.RegularExpressions;
using JustRunIt.Infrastructure.Peers;
using JustRunIt.ProxyNode.Tests.Peers;

namespace JustRunIt.ProxyNode.Tests;

/// <summary>nginx and Apache behind the proxy, curl and wrk before it.</summary>
public sealed class WebPeerTests
{
    private const string Format = "%{http_code} %{size_download} ";

    [Theory]
    [InlineData("nginx")]
    [InlineData("apache")]
    public async Task Curl_sees_through_the_proxy_what_it_sees_without(string server)
    {
        await using var web = server == "nginx" ? await WebServer.NginxAsync() : await WebServer.ApacheAsync();
        await using var proxy = Scenes.In("http", web.EndPoint);
        Assert.Equal(await AskAsync(web.EndPoint), await AskAsync(proxy.EndPoint));
        var report = await Scenes.UntilAsync(proxy, now => now.Live!.Requests >= 8);
        Assert.Equal(0, report.Live!.Errors);

        static async Task<string> AskAsync(IPEndPoint at)
        {
            var address = $"http://127.0.0.1:{at.Port}";
            return await PeerProcess.RunAsync("curl", [
                "-s", "-w", Format, $"{address}/small.txt", $"{address}/nothing",
                "--next", "-s", "-I", "-o", "/dev/null", "-w", Format, $"{address}/small.txt",
                "--next", "-s", "--compressed", "-w", Format, $"{address}/page.html",
                "--next", "-s", "-r", "2-5", "-w", Format, $"{address}/small.txt",
                "--next", "-s", "-z", DateTime.UtcNow.ToString(
                    "R", System.Globalization.CultureInfo.InvariantCulture), "-w", "%{size_download} ", $"{address}/small.txt",
                "--next", "-s", "-o", "/dev/null", "-w", Format, "-H", "Expect: 100-continue", "-d", "a=1", $"{address}/fixed",
                "--next", "-s", "-0", "-w", Format, $"{address}/small.txt"]);
        }
    }

    [Fact]
    public async Task Wrk_sends_several_requests_at_once_to_the_original_and_so_does_the_proxy_to_its_clone()
    {
        await using var original = await WebServer.NginxAsync();
        await using var clone = await WebServer.NginxAsync();
        await using var proxy = Scenes.In("http", original.EndPoint, clone.EndPoint);
        var script = Path.GetTempFileName();
        await File.WriteAllTextAsync(script, """
            init = function() local r = {} for i = 1, 4 do r[i] = wrk.format("GET", "/fixed?" .. i) end four = table.concat(r) end
            request = function() return four end
            """);
        var said = await PeerProcess.RunAsync("wrk", ["-t1", "-c4", "-d1s", "-s", script, $"http://127.0.0.1:{proxy.EndPoint.Port}/fixed"]);
        File.Delete(script);
        Assert.DoesNotMatch("Non-2xx|Socket errors", said);
        Assert.True(int.Parse(Regex.Match(said, "([0-9]+) requests in").Groups[1].Value) > 100, said);
        // What wrk leaves unanswered at its end has no reply to compare.
        var report = await Scenes.UntilAsync(proxy, now => now.Sandbox!.Requests + now.Sandbox.Errors >= now.Live!.Requests);
        Assert.Empty(report.Differences!.Samples);
        Assert.True(report.Differences.Compared > 100);
    }

    [Fact]
    public async Task Bodies_of_a_gibibyte_pass_both_ways_in_bounded_memory()
    {
        const long gibibyte = 1L << 30;
        await using var nginx = await WebServer.NginxAsync(gibibyte);
        await using var proxy = Scenes.In("http", nginx.EndPoint, nginx.EndPoint);
        using var process = Process.GetCurrentProcess();
        var before = GC.GetTotalAllocatedBytes();
        var address = $"http://127.0.0.1:{proxy.EndPoint.Port}";
        Assert.Equal(
            $"200 {gibibyte} ", await PeerProcess.RunAsync("curl", ["-s", "-o", "/dev/null", "-w", Format, $"{address}/large.bin"]));
        // Sent as it is read, in chunks: curl does not know how long its input is.
        var upload = await PeerProcess.RunAsync("sh", ["-c", $"head -c {gibibyte} /dev/zero | curl -s -o /dev/null -w '%{{http_code}} "
            + $"%{{size_upload}}' -H 'Expect:' -X POST -T - {address}/fixed"]);
        // Chunks have a little framing.
        Assert.StartsWith("200 ", upload);
        Assert.InRange(long.Parse(upload[4..]), gibibyte, gibibyte + (1 << 20));
        // Neither body was ever held: what was allocated meanwhile is a small part of it.
        Assert.InRange(GC.GetTotalAllocatedBytes() - before, 0, 256L << 20);
        var report = await Scenes.UntilAsync(proxy, now => now.Live!.Requests >= 2);
        // A body beyond the bound is not duplicated, and that is counted.
        Assert.Equal(1, report.Shed);
    }
}
