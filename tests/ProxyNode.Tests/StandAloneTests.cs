using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using JustRunIt.Infrastructure;
using JustRunIt.Infrastructure.Peers;
using JustRunIt.ProxyNode.Tests.Peers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace JustRunIt.ProxyNode.Tests;

/// <summary><c>justrunit proxy</c> as a process, around real nginx servers.</summary>
public sealed class StandAloneTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    private readonly string folder = Directory.CreateTempSubdirectory("justrunit-proxy").FullName;
    private readonly HttpClient http = AdminAccess.Client(Patience);
    private readonly List<IAsyncDisposable> running = [];
    private string original = "";
    private string clone = "";

    public async Task InitializeAsync()
    {
        original = await NginxAsync("original");
        clone = await NginxAsync("clone");
    }

    public async Task DisposeAsync()
    {
        running.Reverse();
        foreach (var item in running)
            await item.DisposeAsync();
        http.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task The_report_has_both_sides_figures()
    {
        var proxy = await StartAsync("--role", "in", "--upstream", original, "--sandbox", clone, "--time-shift", "200ms");
        await AskAsync(proxy, 20);
        var report = await UntilAsync(proxy, report => report.GetProperty("sandbox").GetProperty("requests").GetInt64() == 20);
        foreach (var side in new[] { "live", "sandbox" })
        {
            var figures = report.GetProperty(side);
            Assert.Equal((20, 0), (figures.GetProperty("requests").GetInt64(), figures.GetProperty("errors").GetInt64()));
            foreach (var name in new[] { "throughputPerSecond", "meanMs", "p50Ms", "p95Ms", "p99Ms" })
                Assert.True(figures.GetProperty(name).GetDouble() > 0, $"{side}.{name}: {report}");
        }

        Assert.Equal(0, report.GetProperty("shed").GetInt64());
        Assert.Equal(20, report.GetProperty("differences").GetProperty("compared").GetInt64());
        Assert.Equal(JsonValueKind.Null, report.GetProperty("matches").ValueKind);
        Assert.Equal(0, await proxy.EndAsync());
    }

    [Fact]
    public async Task All_addresses_may_be_of_IPv6()
    {
        var (onIPv6, clonesOnIPv6) = (await NginxAsync("original-6", "[::1]"), await NginxAsync("clone-6", "[::1]"));
        var proxy = await StartAsync(
            "--role", "in", "--listen", $"[::1]:{FreePorts.Next()}", "--admin", $"[::1]:{FreePorts.Next()}", "--upstream", onIPv6,
            "--sandbox", clonesOnIPv6, "--time-shift", "50ms");
        await AskAsync(proxy, 5);
        var report = await UntilAsync(proxy, report => report.GetProperty("differences").GetProperty("compared").GetInt64() == 5);
        Assert.Equal((5, 0), (report
            .GetProperty("live")
            .GetProperty("requests")
            .GetInt64(), report.GetProperty("sandbox").GetProperty("errors").GetInt64()));
    }

    [Fact]
    public async Task A_report_that_was_started_anew_counts_from_there_and_metrics_go_on()
    {
        var proxy = await StartAsync("--role", "in", "--upstream", original, "--sandbox", clone, "--time-shift", "50ms");
        await AskAsync(proxy, 5);
        await UntilAsync(proxy, report => report.GetProperty("differences").GetProperty("compared").GetInt64() == 5);
        using var reset = await http.PostAsync($"http://{proxy.Admin}/reset", null);
        Assert.Equal(HttpStatusCode.NoContent, reset.StatusCode);
        await AskAsync(proxy, 2);
        var report = await UntilAsync(proxy, report => report.GetProperty("sandbox").GetProperty("requests").GetInt64() == 2);
        Assert.Equal(2, report.GetProperty("live").GetProperty("requests").GetInt64());
        await UntilAsync(proxy, report => report.GetProperty("differences").GetProperty("compared").GetInt64() == 2);
        var metrics = await http.GetStringAsync($"http://{proxy.Admin}/metrics");
        Assert.Contains(
            "justrunit_proxy_requests_total{role=\"in\",protocol=\"http\",side=\"live\"} 7\n", metrics, StringComparison.Ordinal);
        Assert.Contains(
            "justrunit_proxy_requests_total{role=\"in\",protocol=\"http\",side=\"sandbox\"} 7\n", metrics, StringComparison.Ordinal);
        Assert.Contains(
            "justrunit_proxy_request_duration_seconds_bucket{role=\"in\",protocol=\"http\",side=\"live\",le=\"+Inf\"} 7\n",
            metrics,
            StringComparison.Ordinal);
        Assert.Contains(
            "justrunit_proxy_request_duration_seconds_count{role=\"in\",protocol=\"http\",side=\"sandbox\"} 7\n",
            metrics,
            StringComparison.Ordinal);
        Assert.Contains("justrunit_proxy_sheds_total{role=\"in\",protocol=\"http\"} 0\n", metrics, StringComparison.Ordinal);
        Assert.Contains("# TYPE justrunit_proxy_lateness_seconds histogram\n", metrics, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Askers_that_say_nothing_or_do_not_listen_hold_up_nobody()
    {
        var proxy = await StartAsync("--role", "in", "--upstream", original);
        var silent = new List<TcpClient>();
        for (var i = 0; i < 8; i++)
        {
            var asker = new TcpClient();
            silent.Add(asker);
            await asker.ConnectAsync(proxy.Admin);
            // Half of them ask without end and never read.
            var text = i % 2 == 0 ? "GET /report HTTP/1.1\r\n" : string.Concat(
                Enumerable.Repeat("GET /report HTTP/1.1\r\nHost: x\r\n\r\n", 50));
            await asker.GetStream().WriteAsync(Encoding.ASCII.GetBytes(text));
        }

        Assert.Equal("in", (await ReportAsync(proxy)).GetProperty("role").GetString());
        Assert.NotEmpty(await http.GetStringAsync($"http://localhost:{proxy.Admin.Port}/report"));
        using var unknown = await http.GetAsync($"http://{proxy.Admin}/other");
        using var wrong = await http.GetAsync($"http://{proxy.Admin}/reset");
        Assert.Equal((HttpStatusCode.NotFound, HttpStatusCode.MethodNotAllowed), (unknown.StatusCode, wrong.StatusCode));
        silent.ForEach(asker => asker.Dispose());
    }

    [Fact]
    public async Task Proxies_that_are_peers_share_the_time_shift_and_the_matches()
    {
        // An application that asks its next tier, nginx, once for each request, and its clone.
        var next = original;
        var outListen = $"127.0.0.1:{FreePorts.Next()}";
        var outSandbox = $"127.0.0.1:{FreePorts.Next()}";
        var application = await ApplicationAsync(outListen);
        var cloned = await ApplicationAsync(outSandbox);
        var outAdmin = $"127.0.0.1:{FreePorts.Next()}";
        var inProxy = await StartAsync(
            "--role", "in", "--upstream", application, "--sandbox", cloned, "--time-shift", "3s", "--peer", outAdmin);
        var outProxy = await ProxyProcess.StartAsync(
            [], "--role", "out", "--listen", outListen, "--admin", outAdmin, "--upstream", next, "--sandbox", outSandbox, "--peer",
            $"{inProxy.Admin}");
        running.Add(outProxy);
        await AskAsync(inProxy, 10);
        var report = await UntilAsync(inProxy, report => report.GetProperty("sandbox").GetProperty("requests").GetInt64() == 10);
        Assert.Equal(0, report.GetProperty("sandbox").GetProperty("errors").GetInt64());
        var matches = report.GetProperty("matches");
        Assert.Equal((10, 0), (matches.GetProperty("exact").GetInt64(), matches.GetProperty("missing").GetInt64()));
        using var other = JsonDocument.Parse(await http.GetStringAsync($"http://{outAdmin}/report"));
        Assert.Equal(3000, other.RootElement.GetProperty("timeShiftMs").GetDouble());

        // Whichever of both is reset, and in which order, a count is never less than nothing.
        foreach (var reset in new[] { $"{inProxy.Admin}", outAdmin })
            (await http.PostAsync($"http://{reset}/reset", null)).Dispose();
        matches = (await ReportAsync(inProxy)).GetProperty("matches");
        Assert.Equal((0, 0), (matches.GetProperty("exact").GetInt64(), matches.GetProperty("missing").GetInt64()));
        await AskAsync(inProxy, 4);
        report = await UntilAsync(inProxy, report => report.GetProperty("sandbox").GetProperty("requests").GetInt64() == 4);
        Assert.Equal(4, report.GetProperty("matches").GetProperty("exact").GetInt64());
    }

    [Fact]
    public async Task Metrics_are_exported_by_OTLP_where_the_standard_variable_is_set()
    {
        var received = new ConcurrentQueue<string>();
        await using var collector = await TestServer.StartAsync(application => application.MapPost("/v1/metrics",
        async (HttpContext context) =>
        {
            using var reader = new StreamReader(context.Request.Body, Encoding.Latin1);
            received.Enqueue(await reader.ReadToEndAsync());
        }));
        var proxy = await ProxyProcess.StartAsync(
            [
                ("OTEL_EXPORTER_OTLP_ENDPOINT", $"http://{collector.EndPoint}"),
                ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"),
                ("OTEL_METRIC_EXPORT_INTERVAL", "200"),
                ("OTEL_SERVICE_NAME", "shop-front"),
            ],
            "--role", "in", "--upstream", original);
        running.Add(proxy);
        await AskAsync(proxy, 3);
        using var patience = new CancellationTokenSource(Patience);
        while (!received.Any(body => body.Contains("justrunit.proxy.request.duration", StringComparison.Ordinal)))
            await Task.Delay(50, patience.Token);
        var last = received.Last(body => body.Contains("justrunit.proxy.request.duration", StringComparison.Ordinal));
        foreach (var name in new[]
        {
            "shop-front", "JustRunIt.ProxyNode", "justrunit.proxy.requests", "justrunit.proxy.errors", "justrunit.proxy.connections"
        })
            Assert.Contains(name, last, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--role both --listen 127.0.0.1:0 --upstream 127.0.0.1:1", "command line: --role: 'both'; allowed is in or out")]
    [InlineData("--role in --upstream 127.0.0.1:1", "command line: --listen: missing; allowed is IP:PORT, or --install")]
    [InlineData(
        "--role in --listen here --upstream 127.0.0.1:1",
        "command line: --listen: 'here'; allowed is IP:PORT, such as 127.0.0.1:8080 (port 0: any that is free)")]
    [InlineData(
        "--role in --listen 127.0.0.1:0 --upstream 127.0.0.1:1 --protocol smtp",
        "command line: --protocol: 'smtp'; allowed is http, ajp13, mysql, postgresql, tcp")]
    [InlineData(
        "--role in --listen 127.0.0.1:0 --upstream 127.0.0.1:1 --sandbox 127.0.0.1:2 --speed 2",
        "command line: --hold: missing; allowed is a duration such as 30s where --speed is above 1")]
    [InlineData(
        "--role in --listen 127.0.0.1:0 --upstream 127.0.0.1:1 --sandbox 127.0.0.1:2 --protocol mysql --speed 0.5",
        "command line: --speed: '0.5'; allowed is 1, for sessions of mysql depend on each other's data")]
    [InlineData("--role in --listen 127.0.0.1:0 --upstream 127.0.0.1:1 --protocol mysql --record /tmp/t", "command line: --record: "
        + "'/tmp/t': traffic of mysql is not recorded, for its sessions depend on each other's data; allowed are http, ajp13")]
    [InlineData(
        "--role in --upstream shop:80 --install",
        "command line: --upstream: 'shop:80'; allowed is IP:PORT where --install is given, such as 10.0.0.5:8080, or unix:PATH")]
    [InlineData("--role in --upstream unix:/run/server --install", "command line: --install: missing address; allowed is IP:PORT of one "
        + "address, such as 10.0.0.5:8080, where --upstream is unix:PATH")]
    [InlineData("--role in --listen 127.0.0.1:0 --upstream unix:server", "command line: --upstream: 'unix:server'; allowed is HOST:PORT, "
        + "such as 127.0.0.1:8080, or unix:PATH, such as unix:/run/mysqld/mysqld.sock")]
    public async Task Bad_input_is_one_line_and_exit_code_2(string arguments, string error)
    {
        var (exitCode, output, errors) = await ProxyProcess.RunAsync(["proxy", .. arguments.Split(' ')]);
        Assert.Equal((2, "", error + "\n"), (exitCode, output, errors));
    }

    [Fact]
    public async Task Help_names_every_option()
    {
        var (exitCode, output, _) = await ProxyProcess.RunAsync("proxy", "--help");
        Assert.Contains("Example:\n  ./justrunit proxy --role in", output, StringComparison.Ordinal);
        Assert.Equal(0, exitCode);
        foreach (var option in new[]
        {
            "--role", "--protocol", "--listen", "--upstream", "--install", "--end-idle", "--drain", "--sandbox", "--clone",
            "--time-shift", "--speed",
            "--hold", "--record", "--record-limit", "--peer", "--rules", "--admin", "--admin-token", "--memory",
        })
            Assert.Contains(option, output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Rules_are_read_again_by_the_command_and_at_SIGHUP_and_each_says_so_in_a_line()
    {
        var rules = Path.Combine(folder, "rules.yaml");
        await File.WriteAllTextAsync(rules, "replies: [one]\n");
        var proxy = await StartAsync("--role", "in", "--upstream", original, "--sandbox", clone, "--rules", rules);
        await File.WriteAllTextAsync(rules, "replies: [one, two]\n");
        var read = $"rules read again from {rules}: 0 wildcards, 2 replies, 0 identities, 0 credentials\n";
        Assert.Equal((0, read, ""), await ProxyProcess.RunAsync("rules", "reload", "--admin", $"{proxy.Admin}"));

        await File.WriteAllTextAsync(rules, "replies: ['(']\n");
        var (exitCode, output, errors) = await ProxyProcess.RunAsync("rules", "reload", "--admin", $"{proxy.Admin}");
        Assert.Equal((2, "", 1), (exitCode, output, errors.Count(c => c == '\n')));
        Assert.StartsWith("the rules are kept as they were: ", errors, StringComparison.Ordinal);
        await proxy.HangUpAsync();
        await SaidAsync(proxy, errors);

        await File.WriteAllTextAsync(rules, "replies: [one, two]\n");
        await proxy.HangUpAsync();
        await SaidAsync(proxy, read);
        (exitCode, output, _) = await ProxyProcess.RunAsync("rules", "propose", "--admin", $"{proxy.Admin}");
        Assert.Equal((0, "# 0 of 0 differences that were looked at would be equal\n"), (exitCode, output));
        (exitCode, _, errors) = await ProxyProcess.RunAsync("rules", "invent", "--admin", $"{proxy.Admin}");
        Assert.Equal((2, "command line: ACTION: 'invent'; allowed is propose or reload\n"), (exitCode, errors));
    }

    [Fact]
    public async Task A_recorded_trace_is_replayed_by_the_command()
    {
        var file = Path.Combine(folder, "trace");
        var proxy = await StartAsync("--role", "in", "--upstream", original, "--record", file);
        await AskAsync(proxy, 10);
        Assert.Equal(0, await proxy.EndAsync());
        var (exitCode, output, errors) = await ProxyProcess.RunAsync(
            "replay",
            "--trace",
            file,
            "--to",
            clone,
            "--protocol",
            "http",
            "--sessions",
            "200%",
            "--speed",
            "1.5",
            "--seed",
            "3",
            "--json");
        Assert.True(exitCode == 0, errors);
        using var report = JsonDocument.Parse(output);
        Assert.Equal(20, report.RootElement.GetProperty("sandbox").GetProperty("requests").GetInt64());
        Assert.Equal(0, report.RootElement.GetProperty("differences").GetProperty("content").GetInt64());
        (exitCode, _, errors) = await ProxyProcess.RunAsync("replay", "--trace", file, "--to", clone, "--sessions", "half");
        Assert.Equal((2, "command line: --sessions: 'half'; allowed is a percentage from 1% to 10000%\n"), (exitCode, errors));
    }

    private static async Task SaidAsync(ProxyProcess proxy, string line)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (!proxy.Errors.Contains(line, StringComparison.Ordinal))
            await Task.Delay(20, patience.Token);
    }

    private async Task<string> NginxAsync(string name, string address = "127.0.0.1")
    {
        var port = FreePorts.Next();
        var own = Directory.CreateDirectory(Path.Combine(folder, name)).FullName;
        running.Add(await PeerProcess.StartAsync(
            "nginx", ["-c", Nginx.Configure(own, $"{address}:{port}")], Questions.Http($"http://{address}:{port}/")));
        return $"{address}:{port}";
    }

    private async Task<string> ApplicationAsync(string nextTier)
    {
        var server = await TestServer.StartAsync(application =>
        {
            var next = new HttpClient(new SocketsHttpHandler { ActivityHeadersPropagator = null });
            application.MapGet("/{**path}", (string? path) => next.GetStringAsync($"http://{nextTier}/data/{path}"));
        });
        running.Add(server);
        return $"{server.EndPoint}";
    }

    private async Task<ProxyProcess> StartAsync(params string[] arguments)
    {
        var proxy = await ProxyProcess.StartAsync([], arguments);
        running.Add(proxy);
        return proxy;
    }

    private async Task AskAsync(ProxyProcess proxy, int count)
    {
        for (var i = 0; i < count; i++)
            Assert.Equal("hello\n", await http.GetStringAsync($"http://{proxy.EndPoint}/{i}"));
    }

    private async Task<JsonElement> ReportAsync(ProxyProcess proxy)
    {
        using var document = JsonDocument.Parse(await http.GetStringAsync($"http://{proxy.Admin}/report"));
        return document.RootElement.Clone();
    }

    private async Task<JsonElement> UntilAsync(ProxyProcess proxy, Func<JsonElement, bool> condition)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (true)
        {
            var report = await ReportAsync(proxy);
            if (condition(report))
                return report;
            Assert.False(patience.IsCancellationRequested, $"{report}");
            await Task.Delay(20, CancellationToken.None);
        }
    }
}
