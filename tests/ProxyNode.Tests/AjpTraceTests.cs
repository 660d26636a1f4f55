using System.Text.RegularExpressions;
using JustRunIt.Infrastructure.Peers;
using JustRunIt.Infrastructure.Sources;
using JustRunIt.ProxyNode.Protocols;
using JustRunIt.ProxyNode.Recording;
using JustRunIt.ProxyNode.Sessions;
using JustRunIt.ProxyNode.StandAlone;
using JustRunIt.ProxyNode.Tests.Peers;
using JustRunIt.ProxyNode.Tracing;

namespace JustRunIt.ProxyNode.Tests;

/// <summary>What passes between Apache with mod_jk and a Tomcat as AJP13 is recorded, and repeated at another Tomcat.</summary>
[Collection(PeerServers.Name)]
public sealed class AjpTraceTests(AjpTraceTests.Recording recording) : IClassFixture<AjpTraceTests.Recording>
{
    // A page and the same again, which counts in the session; a body of known length, and one in chunks.
    private const int RequestsOfSession = 4;
    private const int Sessions = 6;

    private static readonly ServiceRules Rules = ServiceRules.None with
    {
        Sessions = new SessionRules(SessionKind.Identity, new HashSet<string>())
    };

    [Theory]
    [InlineData(1, 6)]
    [InlineData(3, 18)]
    [InlineData(0.5, 3)]
    public async Task Recorded_sessions_are_repeated_multiplied_and_left_out_with_identities_of_their_own(double fraction, int expected)
    {
        using var trace = TraceFile.Open(recording.File, Rules.Sessions);
        Assert.All(TracePlan.Sessions(trace.Exchanges, Rules.Sessions), session => Assert.Equal(RequestsOfSession, session.Count));
        var report = await Scenes.ReplayAsync(recording.File, recording.Copy.Ajp, fraction, Rules);
        Assert.Equal(("ajp13", Sessions, Sessions * RequestsOfSession), (report.Protocol, report.Trace.Sessions, report.Trace.Requests));
        Assert.Equal((expected, expected * RequestsOfSession), (report.Replayed.Sessions, report.Sandbox.Requests));
        Assert.Equal((0, 0), (report.Sandbox.Errors, report.Shed));
        // The second page of each says 'count 2': none was counted in another's session, or in one that the container does not know.
        Assert.Empty(report.Differences.Samples);
        Assert.Equal(expected * RequestsOfSession, report.Differences.Compared);
    }

    [Fact]
    public void Probes_are_no_requests_and_a_body_s_packets_belong_to_theirs()
    {
        using var trace = TraceFile.Open(recording.File, Rules.Sessions);
        Assert.Equal((Sessions * RequestsOfSession, 0L), (trace.Exchanges.Count, trace.CutOffBytes));
        Assert.Equal(Sessions * 2, trace.Exchanges.Count(exchange => exchange.RequestLength > Recording.BodyLength));
        Assert.All(trace.Exchanges, exchange => Assert.Equal((200, false), (exchange.Entry.Status, exchange.Entry.IsError)));
    }

    /// <summary>Two Tomcats, and a trace of the sessions at the first.</summary>
    public sealed class Recording(PeerServers servers) : IAsyncLifetime
    {
        /// <summary>Several packets.</summary>
        public const int BodyLength = 20_000;

        private readonly string folder = Directory.CreateTempSubdirectory("justrunit-ajp-trace").FullName;
        internal TomcatServer Copy { get; private set; } = null!;

        internal string File => Path.Combine(folder, "trace");

        public async Task InitializeAsync()
        {
            var both = await servers.TomcatsAsync();
            var original = both.Original;
            Copy = both.Clone;
            await using (var without = await ApacheWithModJk.StartAsync(original.Ajp))
            {
                // Pages are compiled when they are first asked for: the sessions' gaps are to be theirs.
                using var http = new HttpClient { BaseAddress = without.Address };
                await http.GetStringAsync("/count.jsp");
                await http.GetStringAsync("/length.jsp");
            }

            await using var proxy = await StandAloneProxy.StartAsync(
                new ProxyOptions
                {
                    Role = ProxyRole.In,
                    Protocol = ProtocolRegistry.Find("ajp13")!,
                    Listen = Settings.Free,
                    Upstream = Settings.Of(original.Ajp),
                    Rules = Rules,
                    Record = File,
                },
                TimeProvider.System);
            await using var apache = await ApacheWithModJk.StartAsync(proxy.EndPoint);
            // Half of the sessions are named in a cookie, half in the path; all take whichever connection mod_jk has.
            await Task.WhenAll(Enumerable.Range(0, Sessions).Select(number => SayAsync(apache.Address, inCookie: number % 2 == 0)));
            await Scenes.UntilAsync(proxy, report => report.Trace!.Exchanges == Sessions * RequestsOfSession);
        }

        public Task DisposeAsync()
        {
            Directory.Delete(folder, recursive: true);
            return Task.CompletedTask;
        }

        private static async Task SayAsync(Uri apache, bool inCookie)
        {
            using var http = new HttpClient(new SocketsHttpHandler { UseCookies = inCookie }) { BaseAddress = apache };
            var page = await http.GetStringAsync("/count.jsp");
            Assert.StartsWith("count 1", page);
            var name = inCookie ? "" : Regex.Match(page, ";jsessionid=[0-9A-F]+").Value;
            Assert.StartsWith("count 2", await http.GetStringAsync($"/count.jsp{name}"));
            foreach (var isChunked in new[] { false, true })
            {
                using var request = new HttpRequestMessage(HttpMethod.Post, $"/length.jsp{name}")
                { Content = new ByteArrayContent(new byte[BodyLength]) };
                request.Headers.TransferEncodingChunked = isChunked;
                using var reply = await http.SendAsync(request);
                Assert.StartsWith($"length {BodyLength} ", await reply.Content.ReadAsStringAsync());
            }
        }
    }
}
