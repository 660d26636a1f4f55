using System.Diagnostics;
using System.Net.Sockets;
using JustRunIt.ProxyNode.Recording;
using JustRunIt.ProxyNode.Sockets;

namespace JustRunIt.ProxyNode.Tests;

/// <summary>What a stand-in says, and when, as its clone hears it.</summary>
public sealed class TimedRepliesTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    [Fact]
    public async Task Pieces_are_said_in_order_none_before_it_is_due_and_what_is_due_together_together()
    {
        var (own, peer) = await LoopPair.OpenAsync(EventLoop.NextOfClones());
        using var _ = own;
        using var __ = peer;
        var replies = new TimedReplies(own, TimeProvider.System);
        var begin = Stopwatch.GetTimestamp();
        replies.Add("a"u8.ToArray(), Later(30));
        replies.Add("b"u8.ToArray(), Later(10));
        replies.Add("c"u8.ToArray(), Later(2000));
        await replies.SayAsync();
        Assert.Equal("ab", await HearAsync(peer));
        Assert.True(Stopwatch.GetElapsedTime(begin) >= TimeSpan.FromMilliseconds(30));
        Assert.Equal("c", await HearAsync(peer));
        Assert.True(Stopwatch.GetElapsedTime(begin) >= TimeSpan.FromSeconds(2));

        long Later(int milliseconds) => begin + (Stopwatch.Frequency * milliseconds / 1000);
    }

    [Fact]
    public async Task A_piece_without_a_time_of_its_own_is_said_with_the_one_that_was_asked_with_it_else_at_once()
    {
        var (own, peer) = await LoopPair.OpenAsync(EventLoop.NextOfClones());
        using var _ = own;
        using var __ = peer;
        var replies = new TimedReplies(own, TimeProvider.System);
        var begin = Stopwatch.GetTimestamp();
        replies.AddWithNext("a"u8.ToArray(), begin);
        replies.Add("b"u8.ToArray(), begin + (Stopwatch.Frequency / 20));
        replies.AddWithNext("c"u8.ToArray(), begin);
        await replies.SayTheRestAsync();
        Assert.Equal("abc", await HearAsync(peer));
        Assert.True(Stopwatch.GetElapsedTime(begin) >= TimeSpan.FromMilliseconds(50));
        replies.AddWithNext("d"u8.ToArray(), begin);
        await replies.SayAsync();
        Assert.Equal("d", await HearAsync(peer));
    }

    [Fact]
    public async Task A_clone_that_has_gone_ends_what_is_said()
    {
        var (own, peer) = await LoopPair.OpenAsync(EventLoop.NextOfClones());
        using var _ = own;
        var replies = new TimedReplies(own, TimeProvider.System);
        for (var i = 0; i < 100; i++)
            replies.Add(new byte[1 << 20], due: 0);
        peer.LingerState = new LingerOption(true, 0);
        peer.Dispose();
        await replies.SayTheRestAsync().WaitAsync(Patience);
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await own.ReceiveAsync(new byte[1]));
    }

    private static async Task<string> HearAsync(Socket peer)
    {
        var buffer = new byte[16];
        var count = await peer.ReceiveAsync(buffer).WaitAsync(Patience);
        return System.Text.Encoding.ASCII.GetString(buffer, 0, count);
    }
}
