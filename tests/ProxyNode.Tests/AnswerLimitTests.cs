using System.Net;
using System.Net.Sockets;
using JustRunIt.ProxyNode.MySql;
using JustRunIt.ProxyNode.Protocols;
using JustRunIt.ProxyNode.Recording;
using JustRunIt.ProxyNode.Replaying.Shadows;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Time.Testing;

namespace JustRunIt.ProxyNode.Tests;

/// <summary>How long a clone is waited for (the rule <c>answerLimit</c>), and what becomes of what it does not answer.</summary>
public sealed class AnswerLimitTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    private readonly TcpListener clone = new(IPAddress.Loopback, 0);

    public AnswerLimitTests() => clone.Start();

    public void Dispose() => clone.Dispose();

    [Theory]
    [InlineData(0.1, 10)]
    [InlineData(5, 20)]
    public async Task The_limit_is_four_times_what_the_original_took_if_that_is_more(double tookSeconds, double overAfterSeconds)
    {
        var clock = new FakeTimeProvider();
        await using var replay = Interleaving.Idle(clock);
        var exchange = Interleaving.Begin(replay, replay.Open(new MySqlDialogue()), "SELECT 1", clock.GetTimestamp());
        exchange.RequestEnded();
        var wait = new AnswerWait(clock, Limit);
        wait.Begin(exchange);
        // An original that has not answered yet gives its clone the same time.
        clock.Advance(TimeSpan.FromSeconds(tookSeconds));
        Assert.False(wait.TryEnd(out _));
        exchange.ReplyEnded(new ServerStep { IsReply = true, Ends = true }, clock.GetTimestamp());
        clock.Advance(TimeSpan.FromSeconds(overAfterSeconds - tookSeconds - 0.01));
        Assert.False(wait.TryEnd(out _));
        clock.Advance(TimeSpan.FromSeconds(0.02));
        Assert.True(wait.TryEnd(out var waitsForDuplicate));
        Assert.True(waitsForDuplicate && wait.IsOver && wait.End());
    }

    [Fact]
    public void A_wait_that_has_ended_is_never_over()
    {
        var clock = new FakeTimeProvider();
        var wait = new AnswerWait(clock, Limit);
        wait.Begin(exchange: null);
        clock.Advance(Limit - TimeSpan.FromSeconds(1));
        Assert.False(wait.End());
        wait.Begin(exchange: null);
        clock.Advance(TimeSpan.FromSeconds(2));
        Assert.False(wait.TryEnd(out _));
        Assert.False(wait.End());
        clock.Advance(2 * Limit);
        Assert.False(wait.TryEnd(out _));
    }

    [Fact]
    public async Task Requests_that_stand_for_themselves_go_on_after_one_that_the_clone_does_not_answer()
    {
        await using var original = await TestServer.StartAsync(application => application.MapGet("/", () => "hello"));
        // It takes connections, and says nothing.
        await using var proxy = Scenes.In(
            "http",
            original.EndPoint,
            (IPEndPoint)clone.LocalEndpoint,
            ServiceRules.None with { AnswerLimit = TimeSpan.FromMilliseconds(300) });
        using var client = await RawClient.ConnectAsync(proxy.EndPoint);
        for (var i = 0; i < 3; i++)
        {
            await client.SendAsync("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
            Assert.Contains("hello", await client.ReadReplyAsync(), StringComparison.Ordinal);
        }

        var report = await Scenes.UntilAsync(proxy, now => now.Sandbox!.Errors == 3);
        Assert.Equal(3, report.GivenUp!["overdue"].Count);
    }
}
