using System.Globalization;
using System.Net;
using JustRunIt.Events.Sla;
using JustRunIt.Infrastructure;
using JustRunIt.Infrastructure.Peers;
using JustRunIt.ProxyNode.Bus;
using JustRunIt.ProxyNode.Measuring;
using JustRunIt.ProxyNode.Tests.Peers;

namespace JustRunIt.ProxyNode.Tests;

/// <summary>What an in-proxy reports of a server that does not answer: a real one that is stopped, or killed.</summary>
public sealed class StandstillTests : IAsyncLifetime
{
    private const string Request = "GET / HTTP/1.1\r\nHost: shop\r\n\r\n";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("standstill-");
    private readonly IPEndPoint address = new(IPAddress.Loopback, FreePorts.Next());
    private PeerProcess nginx = null!;
    private TierProxy proxy = null!;

    public async Task InitializeAsync()
    {
        nginx = await PeerProcess.StartAsync(
            "nginx", ["-p", folder.FullName, "-c", Nginx.Configure(folder.FullName, $"{address}")], Questions.Http($"http://{address}/"));
        proxy = await TierProxy.StartAsync(Settings.Tier(address), TimeProvider.System);
    }

    public async Task DisposeAsync()
    {
        await proxy.DisposeAsync();
        await nginx.DisposeAsync();
        folder.Delete(recursive: true);
    }

    [Fact]
    public async Task Requests_at_a_server_that_stands_still_are_open_and_grow_older_until_it_answers_them()
    {
        using var client = await RawClient.ConnectAsync(proxy.EndPoint);
        await client.SendAsync(Request);
        Assert.Contains("hello", await client.ReadReplyAsync());
        // The reply is counted after it was sent on.
        var answered = await UntilAsync(report => report.Requests > 0);
        Assert.Equal((1, 0, 0), (answered.Requests, answered.Errors, answered.Open!.Count));

        await SignalAsync("STOP");
        await client.SendAsync(Request);
        using var another = await RawClient.ConnectAsync(proxy.EndPoint);
        await another.SendAsync(Request);
        var begin = DateTimeOffset.UtcNow;
        var open = await UntilAsync(report => report.Open is { Count: 2 } && report.Open.Longest >= TimeSpan.FromSeconds(2));
        Assert.Equal((0, 0), (open.Requests, open.Errors));
        Assert.InRange(open.Open!.Waited, 2 * TimeSpan.FromSeconds(2), 2 * (DateTimeOffset.UtcNow - begin + TimeSpan.FromSeconds(2)));
        // Whole, the Monitor's window of that is evidence: two requests that have waited for so long.
        var closed = new ClosedWindow(open.From, open.To, NodeTally.Of(open), "front", External: false);
        Assert.True(closed.Mean(1) is { Milliseconds: >= 2000, MayKeep: false });

        await SignalAsync("CONT");
        Assert.Contains("hello", await client.ReadReplyAsync());
        Assert.Contains("hello", await another.ReadReplyAsync());
        var after = await UntilAsync(report => report is { Requests: > 0, Open.Count: 0 });
        Assert.Equal((0, 0), (after.Errors, after.Open!.Count));
        Assert.True(after.TotalResponseTime >= TimeSpan.FromSeconds(2), $"{after}");
    }

    [Fact]
    public async Task A_client_that_leaves_an_unanswered_request_is_told_from_a_server_that_does()
    {
        await SignalAsync("STOP");
        using (var client = await RawClient.ConnectAsync(proxy.EndPoint))
        {
            await client.SendAsync(Request);
            await UntilAsync(report => report.Open is { Count: 1 });
            // As clients do whose patience ends: with a reset.
            client.Socket.LingerState = new(true, 0);
        }

        var left = await UntilAsync(report => report.Errors > 0);
        Assert.Equal((1, 0, 0), (left.GivenUp!.Count, left.NoReply!.Count, left.Open!.Count));

        using var patient = await RawClient.ConnectAsync(proxy.EndPoint);
        await patient.SendAsync(Request);
        await UntilAsync(report => report.Open is { Count: 1 });
        await SignalAsync("KILL");
        var killed = await UntilAsync(report => report.Errors > 0);
        Assert.Equal((0, 1, 0), (killed.GivenUp!.Count, killed.NoReply!.Count, killed.Open!.Count));
    }

    [Fact]
    public async Task A_request_whose_server_refuses_the_connection_is_an_error_without_reply()
    {
        await SignalAsync("KILL");
        for (var i = 0; i < 3; i++)
        {
            using var client = await RawClient.ConnectAsync(proxy.EndPoint);
            await client.SendAsync(Request);
            Assert.StartsWith("HTTP/1.1 50", await client.ReadToEndAsync());
        }

        var refused = Measured();
        Assert.Equal((0, 3, 3), (refused.Requests, refused.Errors, refused.NoReply!.Count));
        Assert.Equal(0, new ClosedWindow(refused.From, refused.To, NodeTally.Of(refused), "front", false).Availability(1, Patience));
    }

    [Fact]
    public void Ages_in_flight_are_the_sum_over_those_that_are_open_in_whatever_order_they_end()
    {
        var random = new Random(1);
        var clock = new SteppedClock();
        var flight = new InFlight(clock);
        var open = new List<long>();
        for (var i = 0; i < 10_000; i++)
        {
            clock.Now += random.Next(0, 5_000_000);
            // Some have arrived a while before they are told.
            var arrival = Math.Max(0, clock.Now - random.Next(0, 20_000_000));
            flight.Begin(arrival);
            open.Add(arrival);
            while (open.Count > random.Next(0, 50))
            {
                var one = random.Next(open.Count);
                flight.End(open[one]);
                open.RemoveAt(one);
            }

            var read = flight.Read();
            Assert.Equal((open.Count, open.Sum(began => clock.Now - began)), (read.Count, read.Waited.Ticks));
            var longest = open.Count == 0 ? 0 : clock.Now - open.Min();
            Assert.InRange(read.Longest.Ticks, Math.Max(0, longest - TimeSpan.TicksPerSecond), longest);
        }
    }

    private ResponseTimesMeasured Measured()
    {
        var now = DateTimeOffset.UtcNow;
        return Reporter.Measured("front", proxy, now - TimeSpan.FromSeconds(1), now)!;
    }

    private async Task<ResponseTimesMeasured> UntilAsync(Func<ResponseTimesMeasured, bool> holds)
    {
        for (var end = DateTime.UtcNow + Patience; ; await Task.Delay(20))
        {
            var report = Measured();
            if (holds(report))
                return report;
            Assert.True(DateTime.UtcNow < end, $"{report}");
        }
    }

    private Task SignalAsync(string signal) =>
        PeerProcess.RunAsync("kill", [$"-{signal}", nginx.Id.ToString(CultureInfo.InvariantCulture)]);

    private sealed class SteppedClock : TimeProvider
    {
        public long Now { get; set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Now;
    }
}
