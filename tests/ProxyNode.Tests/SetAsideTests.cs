using JustRunIt.ProxyNode.MySql;
using JustRunIt.ProxyNode.Protocols;
using JustRunIt.ProxyNode.Replaying;
using JustRunIt.ProxyNode.Replaying.Exchanges;
using JustRunIt.ProxyNode.Replaying.Shadows;
using Microsoft.Extensions.Time.Testing;

namespace JustRunIt.ProxyNode.Tests;

/// <summary>
/// Where the order of two writes was wrong, the clone waits for a lock that only the later one frees (decision 0011): the first is set
/// aside once nothing has moved for long, and the later ones overtake it.
/// </summary>
public sealed class SetAsideTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    private readonly FakeTimeProvider clock = new();
    private Replay replay = null!;

    public Task InitializeAsync()
    {
        replay = Interleaving.Idle(clock);
        return Task.CompletedTask;
    }

    public async Task DisposeAsync() => await replay.DisposeAsync();

    [Theory]
    [InlineData(0.1, 10)]
    [InlineData(5, 20)]
    public async Task A_write_behind_which_nothing_moves_is_set_aside_after_ten_seconds_or_four_times_what_it_took_on_line(
        double tookSeconds, double afterSeconds)
    {
        var first = Write(TimeSpan.FromSeconds(tookSeconds));
        var second = Write(TimeSpan.FromMilliseconds(1));
        await TurnAsync(first);
        var turn = TurnAsync(second);
        var waited = await PassAsync(turn);
        // It looks every ten seconds.
        Assert.InRange(waited.TotalSeconds, afterSeconds, afterSeconds + 10);
        Assert.Equal(1, replay.WriteOrder.Overtaken);
        // Nobody has to wait for what was set aside, nor is it in anybody's way when it ends after all.
        Done(second);
        Done(first);
        Assert.True(TurnAsync(Write(TimeSpan.FromMilliseconds(1))).IsCompleted);
    }

    [Fact]
    public async Task A_clone_whose_writes_move_is_waited_for_however_long_it_takes()
    {
        var writes = Enumerable.Range(0, 8).Select(_ => Write(TimeSpan.FromMilliseconds(1))).ToList();
        var turns = writes.Select(TurnAsync).ToList();
        for (var i = 0; i < writes.Count; i++)
        {
            await turns[i].WaitAsync(Patience);
            await PassAsync(Task.Delay(TimeSpan.FromSeconds(8), clock));
            Assert.All(turns.Skip(i + 1), turn => Assert.False(turn.IsCompleted));
            Done(writes[i]);
        }

        Assert.Equal(0, replay.WriteOrder.Overtaken);
    }

    [Fact]
    public async Task Whatever_a_session_wrote_that_is_set_aside_is_in_nobodys_way()
    {
        var hung = replay.Open(new MySqlDialogue());
        var first = Write(TimeSpan.FromMilliseconds(1), hung);
        await TurnAsync(first);
        // What its client wrote afterwards waits behind it at the clone.
        for (var i = 0; i < 20; i++)
            Write(TimeSpan.FromMilliseconds(1), hung);
        var turn = TurnAsync(Write(TimeSpan.FromMilliseconds(1)));
        Assert.InRange((await PassAsync(turn)).TotalSeconds, 10, 20);
        for (var i = 0; i < 20; i++)
            Write(TimeSpan.FromMilliseconds(1), hung);
        Assert.Equal(21, replay.WriteOrder.Overtaken);
    }

    /// <summary>Arrives now and is completed at once, as far as its times go.</summary>
    private Exchange Write(TimeSpan took, ShadowConnection? session = null)
    {
        clock.Advance(TimeSpan.FromMilliseconds(1));
        var arrival = clock.GetTimestamp();
        var write = Interleaving.Begin(replay, session ?? replay.Open(new MySqlDialogue()), "UPDATE items SET price = 1", arrival);
        write.RequestEnded();
        clock.Advance(took);
        write.ReplyEnded(new ServerStep { IsReply = true, Ends = true }, clock.GetTimestamp());
        return write;
    }

    private Task TurnAsync(Exchange exchange) => replay.WriteOrder.TurnAsync(exchange, clock, CancellationToken.None);

    private void Done(Exchange exchange)
    {
        Assert.True(exchange.Shadow.TryTake(exchange));
        exchange.SandboxAnswered(new Answer(clock.GetTimestamp(), 0, IsError: false));
    }

    /// <summary>Time passes, a second at a time, until something is over: how much.</summary>
    private async Task<TimeSpan> PassAsync(Task over)
    {
        var from = clock.GetTimestamp();
        using var patience = new CancellationTokenSource(Patience);
        while (!over.IsCompleted)
        {
            Assert.False(patience.IsCancellationRequested);
            clock.Advance(TimeSpan.FromSeconds(1));
            // Whoever is woken by that runs on another thread.
            await Task.Delay(20, CancellationToken.None);
        }

        await over;
        return clock.GetElapsedTime(from);
    }
}
