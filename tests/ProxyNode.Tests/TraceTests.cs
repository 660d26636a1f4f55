using System.Collections.Concurrent;
using System.Net;
using JustRunIt.Hosting.Configuration;
using JustRunIt.ProxyNode.Protocols;
using JustRunIt.ProxyNode.Recording;
using JustRunIt.ProxyNode.Sessions;
using JustRunIt.ProxyNode.StandAlone;
using JustRunIt.ProxyNode.Tracing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace JustRunIt.ProxyNode.Tests;

/// <summary>Recording traffic before a Kestrel whose sessions have a basket each, and repeating it at another.</summary>
public sealed class TraceTests : IAsyncLifetime
{
    private static readonly ServiceRules Rules = ServiceRules.None with
    {
        Sessions = new SessionRules(SessionKind.Cookie, new HashSet<string> { "sid" })
    };

    private readonly string folder = Directory.CreateTempSubdirectory("justrunit-trace").FullName;
    private readonly Shop original = new();
    private readonly Shop copy = new();

    public async Task InitializeAsync()
    {
        await original.StartAsync();
        await copy.StartAsync();
    }

    public async Task DisposeAsync()
    {
        await original.DisposeAsync();
        await copy.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Recorded_sessions_are_repeated_with_identities_of_their_own()
    {
        var file = await RecordAsync(sessions: 6);
        var report = await ReplayAsync(file, fraction: 1);
        Assert.Equal((6, 18), (report.Trace.Sessions, report.Trace.Requests));
        Assert.Equal((18, 0, 0), (report.Sandbox.Requests, report.Sandbox.Errors, report.Shed));
        Assert.Equal(
            (18, 0, 0, 0), (report.Differences.Compared, report.Differences.Status, report.Differences.Length, report.Differences.Content));
        Assert.Equal([2, 2, 2, 2, 2, 2], copy.Baskets);
    }

    [Theory]
    [InlineData(2, 12)]
    [InlineData(0.5, 3)]
    public async Task Sessions_are_multiplied_and_left_out(double fraction, int expected)
    {
        var file = await RecordAsync(sessions: 6);
        var report = await ReplayAsync(file, fraction);
        Assert.Equal((expected, expected * 3, 0), (report.Replayed.Sessions, report.Sandbox.Requests, report.Sandbox.Errors));
        // Every copy has filled a basket of its own.
        Assert.Equal(Enumerable.Repeat(2, expected), copy.Baskets);
    }

    [Fact]
    public async Task A_recording_that_broke_off_is_good_up_to_its_last_whole_exchange()
    {
        var file = await RecordAsync(sessions: 2);
        var whole = await File.ReadAllBytesAsync(file);
        for (var length = whole.Length - 1; length > whole.Length - 300; length -= 7)
        {
            await File.WriteAllBytesAsync(file, whole[..length]);
            using var trace = TraceFile.Open(file, Rules.Sessions);
            Assert.InRange(trace.Exchanges.Count, 4, 5);
            Assert.True(trace.CutOffBytes > 0);
        }

        // A flipped bit ends it too.
        whole[^20] ^= 1;
        await File.WriteAllBytesAsync(file, whole);
        using var flipped = TraceFile.Open(file, Rules.Sessions);
        Assert.Equal(5, flipped.Exchanges.Count);
    }

    [Theory]
    [InlineData("", "is no trace")]
    [InlineData("JRITRACE\u0004\0\0\0", "is a trace of version 4, and only versions 2 to 3 can be read")]
    [InlineData("JRITRACE\u0002\0\0\0\u0003foo", "is a trace of protocol 'foo'; known are http, ajp13")]
    public void What_is_no_trace_is_refused_in_one_line(string content, string reason)
    {
        var file = Path.Combine(folder, "none");
        File.WriteAllText(file, content);
        Assert.Contains(reason, Assert.Throws<ConfigurationException>(() => TraceFile.Open(file, SessionRules.Connections)).Message);
    }

    [Fact]
    public async Task A_recording_ends_at_its_size_and_on_line_traffic_goes_on()
    {
        var file = Path.Combine(folder, "small");
        await using (var proxy = await StandAloneProxy.StartAsync(Options(file) with { RecordLimitBytes = 2000 }, TimeProvider.System))
        {
            await BuyAsync(proxy.EndPoint, 10);
            var report = await Scenes.UntilAsync(proxy, report => report.Trace!.IsFull);
            Assert.True(report.Live!.Requests == 30 && report.Trace!.Exchanges > 0, $"{report}");
        }

        Assert.InRange(new FileInfo(file).Length, 500, 2000);
        using var trace = TraceFile.Open(file, Rules.Sessions);
        Assert.Equal(0, trace.CutOffBytes);
    }

    [Fact]
    public async Task A_file_that_is_there_already_is_not_overwritten()
    {
        var file = Path.Combine(folder, "mine");
        await File.WriteAllTextAsync(file, "mine");
        var error = await Assert.ThrowsAsync<ConfigurationException>(() => StandAloneProxy.StartAsync(Options(file), TimeProvider.System));
        Assert.Contains("--record", error.Message, StringComparison.Ordinal);
        Assert.Equal("mine", await File.ReadAllTextAsync(file));
    }

    [Fact]
    public async Task Live_sessions_that_are_deferred_keep_their_own_order_and_identities()
    {
        var options = Options(null) with { Sandbox = copy.EndPoint, TimeShift = Scenes.TimeShift, Speed = 0.5 };
        await using var proxy = await StandAloneProxy.StartAsync(options, TimeProvider.System);
        // All sessions over the same connection: each gets one to the clone of its own.
        await BuyAsync(proxy.EndPoint, 5, oneConnection: true);
        var report = await Scenes.UntilAsync(proxy, report => report.Sandbox!.Requests == 15);
        Assert.Equal((0, 0, 0), (report.Sandbox!.Errors, report.Differences!.Status, report.Shed));
        Assert.Equal([2, 2, 2, 2, 2], copy.Baskets);
    }

    [Theory]
    [InlineData("replies: ['[0-9]+']", null, 0)]
    [InlineData("replies: ['[0-9]+']", "replies: ['[0-9]+']", 0)]
    [InlineData(null, null, 0)]
    public async Task Replies_are_compared_with_the_rules_of_the_recording_or_with_none(string? recorded, string? replayed, int differing)
    {
        var file = await RecordAsync(sessions: 2, With(recorded));
        var report = await Scenes.ReplayAsync(file, copy.EndPoint, fraction: 1, With(replayed));
        Assert.Equal(
            (6, differing, 0),
            (report.Differences.Compared, report.Differences.Length + report.Differences.Content, report.Sandbox.Errors));
    }

    [Theory]
    [InlineData(null, "replies: ['[0-9]+']", "'replies' and 'identities' are '[0-9]+', and the trace was recorded with none")]
    [InlineData("replies: ['[a-z]+']", "replies: ['[0-9]+']", "are '[0-9]+', and the trace was recorded with '[a-z]+'")]
    [InlineData(null, "identities: ['token=([0-9]+)']", "are 'token=([0-9]+)', and the trace was recorded with none")]
    public async Task A_trace_that_does_not_hold_what_other_rules_need_is_refused_with_the_reason(
        string? recorded, string replayed, string reason)
    {
        var file = await RecordAsync(sessions: 1, With(recorded));
        var error = await Assert.ThrowsAsync<ConfigurationException>(() => Scenes.ReplayAsync(file, copy.EndPoint, 1, With(replayed)));
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
        Assert.Empty(copy.Baskets);
    }

    private static ServiceRules With(string? rules) =>
        rules is null ? Rules : Settings.FromFile(rules, Configuration.RulesFile.Read) with { Sessions = Rules.Sessions };

    private ProxyOptions Options(string? record) => new()
    {
        Role = ProxyRole.In,
        Protocol = ProtocolRegistry.Default,
        Listen = Settings.Free,
        Upstream = Settings.Of(original.EndPoint),
        Rules = Rules,
        Record = record,
    };

    private async Task<string> RecordAsync(int sessions, ServiceRules? rules = null)
    {
        var file = Path.Combine(folder, "trace");
        await using var proxy = await StandAloneProxy.StartAsync(Options(file) with { Rules = rules ?? Rules }, TimeProvider.System);
        await BuyAsync(proxy.EndPoint, sessions);
        await Scenes.UntilAsync(proxy, report => report.Trace!.Exchanges == sessions * 3);
        return file;
    }

    private Task<TraceReport> ReplayAsync(string file, double fraction) => Scenes.ReplayAsync(file, copy.EndPoint, fraction, Rules);

    /// <summary>Sessions of three requests: a page, which begins the session, and two articles for its basket.</summary>
    private static async Task BuyAsync(IPEndPoint proxy, int sessions, bool oneConnection = false)
    {
        using var shared = new HttpClient(new SocketsHttpHandler { UseCookies = false, MaxConnectionsPerServer = 1 });
        for (var i = 0; i < sessions; i++)
        {
            using var own = oneConnection ? null : new HttpClient(new SocketsHttpHandler { UseCookies = false });
            var http = own ?? shared;
            using var page = await http.GetAsync($"http://{proxy}/");
            var cookie = page.Headers.GetValues("Set-Cookie").Single().Split(';')[0];
            for (var article = 0; article < 2; article++)
            {
                using var request = new HttpRequestMessage(HttpMethod.Post, $"http://{proxy}/add")
                { Content = new StringContent($"article={article}") };
                request.Headers.Add("Cookie", $"theme=dark; {cookie}");
                using var reply = await http.SendAsync(request);
                Assert.Equal(HttpStatusCode.OK, reply.StatusCode);
            }
        }
    }

    /// <summary>A server that gives out session names of its own, and refuses those that it does not know.</summary>
    private sealed class Shop : IAsyncDisposable
    {
        private readonly ConcurrentDictionary<string, int> baskets = new();
        private TestServer server = null!;

        public IPEndPoint EndPoint => server.EndPoint;

        public IEnumerable<int> Baskets => baskets.Values;

        public async Task StartAsync() => server = await TestServer.StartAsync(application =>
        {
            application.MapGet("/", (HttpContext context) =>
            {
                var name = Guid.NewGuid().ToString("N");
                baskets[name] = 0;
                context.Response.Headers.SetCookie = $"sid={name}; Path=/";
                return "welcome";
            });
            application.MapPost("/add", (HttpContext context) => context.Request.Cookies["sid"] is { } name && baskets.ContainsKey(name)
                ? Results.Text($"{baskets.AddOrUpdate(name, 1, (_, count) => count + 1)}")
                : Results.StatusCode(403));
        });

        public ValueTask DisposeAsync() => server.DisposeAsync();
    }
}
