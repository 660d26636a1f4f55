using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using JustRunIt.Events.Proxies;
using JustRunIt.ProxyNode.Protocols;
using JustRunIt.ProxyNode.Recording;
using JustRunIt.ProxyNode.Replaying;
using JustRunIt.ProxyNode.Replaying.GivingUp;
using JustRunIt.ProxyNode.StandAlone;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace JustRunIt.ProxyNode.Tests;

/// <summary>
/// Nothing is lost in silence: every on-line request and every duplicate is accounted for, whatever the clone, the server and the
/// clients do.
/// </summary>
public sealed class ConservationTests : IAsyncLifetime
{
    private const string Hello = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

    private readonly TcpListener clone = new(IPAddress.Loopback, 0);
    private readonly ConcurrentBag<TcpClient> accepted = [];
    private readonly CancellationTokenSource ended = new();
    private TestServer original = null!;
    private CloneFault fault;
    private int heard;

    /// <summary>What a clone does.</summary>
    public enum CloneFault
    {
        /// <summary>It answers.</summary>
        None,

        /// <summary>It cannot be connected to.</summary>
        Refuses,

        /// <summary>It closes when it is asked.</summary>
        Closes,

        /// <summary>It resets the connection within each reply.</summary>
        ResetsWithinReply,

        /// <summary>It answers every other request, and closes at the others.</summary>
        AnswersSome,

        /// <summary>It says what is no HTTP.</summary>
        SaysNonsense,

        /// <summary>It never answers, until memory is short.</summary>
        IsSilent,
    }

    public static TheoryData<CloneFault> Faults => [.. Enum.GetValues<CloneFault>()];

    public async Task InitializeAsync()
    {
        original = await TestServer.StartAsync(application =>
        {
            application.MapGet("/", () => "hello");
            application.MapGet("/slow", async (CancellationToken left) =>
            {
                await Task.Delay(TimeSpan.FromSeconds(3), left);
                return "late";
            });
            application.MapPost("/", async (HttpRequest request) =>
            {
                using var reader = new StreamReader(request.Body);
                return (await reader.ReadToEndAsync()).Length;
            });
        });
    }

    public async Task DisposeAsync()
    {
        await ended.CancelAsync();
        clone.Stop();
        foreach (var client in accepted)
            client.Dispose();
        await original.DisposeAsync();
        ended.Dispose();
    }

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task Every_request_is_accounted_for_whatever_the_clone_does(CloneFault whatItDoes)
    {
        await using var proxy = Start(whatItDoes, whatItDoes == CloneFault.IsSilent ? 64 << 10 : 64 << 20);
        using var stop = new CancellationTokenSource();
        var looking = LookAsync(proxy, stop.Token);
        await AskAsync(proxy, 20);
        await HarmAsync(proxy);
        await AskAsync(proxy, whatItDoes == CloneFault.IsSilent ? 150 : 20);

        var report = await Scenes.UntilAsync(
            proxy,
            report => report.Connections!.Exchanges.Open == 0 && (whatItDoes == CloneFault.IsSilent || report.Duplicates!.Open == 0));
        await stop.CancelAsync();
        Assert.True(await looking > 0);

        var duplicates = report.Duplicates!;
        Assert.Equal(report.Connections!.Exchanges.Arrived, duplicates.Arrived);
        Assert.Equal(report.GivenUp!.Values.Sum(reason => reason.Count), duplicates.GivenUp);
        Assert.True(report.GivenUp!["stream"].Count == 2 && duplicates.NotDuplicated["abandoned"] >= 3, $"{report}");
        Assert.Equal(report.Shed, duplicates.Shed);
        switch (whatItDoes)
        {
            case CloneFault.None:
                Assert.Equal((duplicates.Duplicated - 2, null), (duplicates.Answered, report.SandboxFailure));
                break;
            case CloneFault.AnswersSome:
                Assert.True(duplicates.Answered > 0 && duplicates.GivenUp > 2, $"{report}");
                break;
            case CloneFault.IsSilent:
                Assert.True(duplicates.Shed > 0, $"{report}");
                break;
            default:
                Assert.Equal((0, duplicates.Duplicated), (duplicates.Answered, duplicates.GivenUp));
                Assert.NotNull(report.SandboxFailure);
                break;
        }
    }

    [Fact]
    public async Task A_clone_that_cannot_be_connected_to_is_named_with_the_count_and_the_reason()
    {
        await using var proxy = Start(CloneFault.Refuses);
        await AskAsync(proxy, 5);

        var report = await Scenes.UntilAsync(proxy, report => report.Duplicates!.GivenUp == 5);

        Assert.Contains($"{proxy.Sandbox} cannot be connected to: ", report.SandboxFailure, StringComparison.Ordinal);
        var unreachable = report.GivenUp!["unreachable"];
        Assert.Equal((5, report.SandboxFailure), (unreachable.Count, Assert.Single(unreachable.Samples)));
        Assert.Contains(
            "justrunit_proxy_given_up_total{role=\"in\",protocol=\"http\",reason=\"unreachable\"} 5\n",
            proxy.Metrics(),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_window_of_which_most_was_given_up_is_named_as_no_result_and_the_next_one_is_judged_by_itself()
    {
        await using var proxy = Start(CloneFault.Closes);
        await AskAsync(proxy, 4);
        var report = await Scenes.UntilAsync(proxy, report => report.Duplicates!.GivenUp == 4);
        Assert.Equal("4 of 4 duplicates were given up: 4 closed", report.SandboxFailure);

        fault = CloneFault.None;
        await proxy.ResetAsync();
        await AskAsync(proxy, 4);

        report = await Scenes.UntilAsync(proxy, report => report.Duplicates!.Answered == 4);
        Assert.Null(report.SandboxFailure);
        Assert.Equal((4, 0), (report.Duplicates!.Duplicated, report.Duplicates.GivenUp));
        Assert.Empty(report.GivenUp!);
    }

    [Fact]
    public async Task A_report_that_was_started_anew_amid_duplicates_accounts_for_those_that_were_open()
    {
        await using var proxy = Start(CloneFault.None);
        await AskAsync(proxy, 10);
        await proxy.ResetAsync();
        var report = await proxy.ReportAsync();
        Assert.True(report.Duplicates!.IsConserved && report.Duplicates.Arrived <= 10, $"{report}");
        await AskAsync(proxy, 10);

        report = await Scenes.UntilAsync(proxy, report => report.Duplicates!.Open == 0);

        Assert.True(report.Duplicates!.IsConserved && report.Duplicates.Answered is >= 10 and <= 20, $"{report}");
    }

    [Fact]
    public async Task An_experiment_whose_sessions_were_given_up_is_no_result_and_says_why()
    {
        var protocol = ProtocolRegistry.FindMessages("mysql")!;
        var settings = new ReplaySettings(protocol, Settings.Free, TimeSpan.FromMilliseconds(100), ServiceRules.None, 1 << 20);
        await using var replay = new Replay(settings, TimeProvider.System);
        var shadow = replay.Open(protocol.Open());
        shadow.GiveUp(GiveUpReason.NotRepeatable, "COM_CHANGE_USER");
        using var stop = new CancellationTokenSource();
        var asking = Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                Assert.Null(replay.Begin(shadow, new ClientStep { Begins = true }, TimeProvider.System.GetTimestamp()));
                await Task.Delay(1, CancellationToken.None);
            }
        });

        var result = await new ReplayExperiment(
            replay,
            new ExperimentDurations(
                settings.TimeShift, TimeSpan.FromSeconds(1), TimeSpan.FromMilliseconds(100), TimeSpan.FromMilliseconds(500)),
            TimeProvider.System).RunAsync(isFirst: true, CancellationToken.None);
        await stop.CancelAsync();
        await asking;

        var count = Assert.Single(result.GivenUp).Value;
        Assert.Equal($"{count} of {count} duplicates were given up: {count} not-repeatable", result.Failure);
        Assert.Equal((0, null), (result.Shed, result.Sandbox));
        var figures = replay.Ledger.Read();
        Assert.True(figures is { IsConserved: true, Open: 0 } && figures.GivenUp >= count, $"{figures}");
        Assert.Equal("COM_CHANGE_USER", Assert.Single(figures.ByReason["not-repeatable"].Samples));
    }

    [Fact]
    public async Task The_figures_of_duplicates_are_metrics()
    {
        await using var proxy = Start(CloneFault.None);
        await AskAsync(proxy, 3);
        await Scenes.UntilAsync(proxy, report => report.Duplicates!.Answered == 3);

        var metrics = proxy.Metrics();

        foreach (var line in new[]
        {
            "arrivals_total{role=\"in\",protocol=\"http\"} 3", "exchanges_total{role=\"in\",protocol=\"http\",outcome=\"answered\"} 3",
            "exchanges_total{role=\"in\",protocol=\"http\",outcome=\"failed\"} 0",
            "duplicates_arrivals_total{role=\"in\",protocol=\"http\"} 3",
            "duplicates_total{role=\"in\",protocol=\"http\",outcome=\"answered\"} 3",
            "duplicates_total{role=\"in\",protocol=\"http\",outcome=\"given-up\"} 0",
            "duplicates_open{role=\"in\",protocol=\"http\"} 0",
            "duplicates_without_total{role=\"in\",protocol=\"http\",reason=\"private\"} 0",
        })
            Assert.Contains($"justrunit_proxy_{line}\n", metrics, StringComparison.Ordinal);
    }

    private InProxyScene Start(CloneFault whatItDoes, long memoryLimitBytes = 64 << 20)
    {
        fault = whatItDoes;
        clone.Start();
        var sandbox = (IPEndPoint)clone.LocalEndpoint;
        if (whatItDoes == CloneFault.Refuses)
            clone.Stop();
        else
            _ = AcceptAsync();
        return new InProxyScene(sandbox, StandAloneProxy.Start(
            new ProxyOptions
            {
                Role = ProxyRole.In,
                Protocol = ProtocolRegistry.Default,
                Listen = Settings.Free,
                Upstream = Settings.Of(original.EndPoint),
                Sandbox = sandbox,
                TimeShift = Scenes.TimeShift,
                MemoryLimitBytes = memoryLimitBytes,
            },
            TimeProvider.System));
    }

    /// <summary>Reads the report over and over: every one must hold.</summary>
    private static async Task<int> LookAsync(StandAloneProxy proxy, CancellationToken stop)
    {
        var looks = 0;
        for (; !stop.IsCancellationRequested; looks++)
        {
            var report = await proxy.ReportAsync();
            Assert.True(report.Duplicates!.IsConserved, $"{report}");
            var online = report.Connections!.Exchanges;
            Assert.Equal(online.Arrived, online.Answered + online.Failed + online.Open);
            await Task.Delay(1, CancellationToken.None);
        }

        return looks;
    }

    private static async Task AskAsync(StandAloneProxy proxy, int count)
    {
        using var client = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = 2 })
        { BaseAddress = new Uri($"http://{proxy.EndPoint}") };
        await Task.WhenAll(Enumerable.Range(0, count).Select(async i =>
        {
            if (i % 3 == 0)
                await client.PostAsync("/", new StringContent(new string('x', i * 100)));
            else
                Assert.Equal("hello", await client.GetStringAsync("/"));
        }));
    }

    /// <summary>Clients that leave within a request, before the reply, and that ask for another protocol.</summary>
    private static async Task HarmAsync(StandAloneProxy proxy)
    {
        for (var i = 0; i < 3; i++)
        {
            using var within = await RawClient.ConnectAsync(proxy.EndPoint);
            await within.SendAsync("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\nhalf");
            await Scenes.UntilAsync(proxy, report => report.Connections!.Exchanges.Open > 0);
            within.Socket.LingerState = new LingerOption(true, 0);
        }

        for (var i = 0; i < 3; i++)
        {
            using var early = await RawClient.ConnectAsync(proxy.EndPoint);
            var before = (await proxy.ReportAsync()).Connections!.Exchanges.Arrived;
            await early.SendAsync("GET /slow HTTP/1.1\r\nHost: h\r\n\r\n");
            await Scenes.UntilAsync(proxy, report => report.Connections!.Exchanges.Arrived > before);
        }

        for (var i = 0; i < 2; i++)
        {
            using var other = await RawClient.ConnectAsync(proxy.EndPoint);
            await other.SendAsync("GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: other\r\n\r\n");
            Assert.Contains("hello", await other.ReadReplyAsync(), StringComparison.Ordinal);
        }
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var client = await clone.AcceptTcpClientAsync(ended.Token);
                accepted.Add(client);
                _ = AnswerAsync(client);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or InvalidOperationException
            or OperationCanceledException)
        {
            // The test has ended.
        }
    }

    private async Task AnswerAsync(TcpClient client)
    {
        var buffer = new byte[65536];
        var request = new StringBuilder();
        try
        {
            while (await client.GetStream().ReadAsync(buffer, ended.Token) is > 0 and var count)
            {
                request.Append(Encoding.Latin1.GetString(buffer, 0, count));
                while (TryTake(request))
                    await ReplyAsync(client);
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or OperationCanceledException or InvalidOperationException)
        {
            // Reset, or the test has ended.
        }
    }

    private async Task ReplyAsync(TcpClient client)
    {
        var number = Interlocked.Increment(ref heard);
        switch (fault)
        {
            case CloneFault.None:
            case CloneFault.AnswersSome when number % 2 == 0:
                await client.GetStream().WriteAsync(Encoding.Latin1.GetBytes(Hello), ended.Token);
                break;
            case CloneFault.IsSilent:
                break;
            case CloneFault.SaysNonsense:
                await client.GetStream().WriteAsync("nonsense\r\n\r\n"u8.ToArray(), ended.Token);
                break;
            case CloneFault.ResetsWithinReply:
                await client.GetStream().WriteAsync(Encoding.Latin1.GetBytes(Hello[..^3]), ended.Token);
                client.LingerState = new LingerOption(true, 0);
                client.Dispose();
                break;
            default:
                client.Dispose();
                break;
        }
    }

    /// <summary>Takes one whole request; false when there is none.</summary>
    private static bool TryTake(StringBuilder request)
    {
        var text = request.ToString();
        var head = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        if (head < 0)
            return false;
        var at = text.IndexOf("Content-Length: ", StringComparison.OrdinalIgnoreCase);
        var length = at >= 0 && at < head ? int.Parse(text[(at + 16)..text.IndexOf('\r', at)], null) : 0;
        if (text.Length < head + 4 + length)
            return false;
        request.Remove(0, head + 4 + length);
        return true;
    }

    /// <summary>A proxy and where its clone is, or would be.</summary>
    private sealed record InProxyScene(IPEndPoint Sandbox, StandAloneProxy Proxy) : IAsyncDisposable
    {
        public static implicit operator StandAloneProxy(InProxyScene scene) => scene.Proxy;

        public string Metrics() => Proxy.Metrics();

        public Task ResetAsync() => Proxy.ResetAsync();

        public Task<Report> ReportAsync() => Proxy.ReportAsync();

        public ValueTask DisposeAsync() => Proxy.DisposeAsync();
    }
}
