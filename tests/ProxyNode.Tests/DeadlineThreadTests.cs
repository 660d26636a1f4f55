using System.Collections.Concurrent;
using JustRunIt.ProxyNode.Threads;

namespace JustRunIt.ProxyNode.Tests;

/// <summary>What is due is done in its order, also when it comes late.</summary>
public sealed class DeadlineThreadTests
{
    private static readonly TimeProvider Clock = TimeProvider.System;

    [Fact]
    public void Items_are_done_in_the_order_they_are_due_and_never_before()
    {
        using var all = new CountdownEvent(500);
        var done = new ConcurrentQueue<(int Item, long Due, long At)>();
        var begin = Clock.GetTimestamp();
        using var thread = new DeadlineThread<(int Item, long Due)>("test", Clock, one =>
        {
            done.Enqueue((one.Item, one.Due, Clock.GetTimestamp()));
            all.Signal();
        });
        var random = new Random(1);
        // All added before the first is due.
        foreach (var item in Enumerable.Range(0, 500).OrderBy(_ => random.Next()))
        {
            var due = begin + (long)((1 + (item / 10 / 1000.0)) * Clock.TimestampFrequency);
            thread.Add((item, due), due);
        }

        Assert.True(all.Wait(TimeSpan.FromMinutes(2)));
        Assert.All(done, one => Assert.True(one.At >= one.Due));
        Assert.Equal(done.OrderBy(one => one.Due).Select(one => one.Due), done.Select(one => one.Due));
    }

    [Fact]
    public void One_that_comes_later_and_is_due_earlier_wakes_the_thread()
    {
        using var early = new ManualResetEventSlim();
        using var thread = new DeadlineThread<bool>("test", Clock, isEarly =>
        {
            if (isEarly)
                early.Set();
        });
        var now = Clock.GetTimestamp();
        thread.Add(false, now + (3600 * Clock.TimestampFrequency));
        Thread.Sleep(20);
        thread.Add(true, now + (Clock.TimestampFrequency / 10));
        Assert.True(early.Wait(TimeSpan.FromMinutes(2)));
    }

    [Fact]
    public void A_thread_that_yields_does_all_that_was_added_before_it_ends()
    {
        var done = new List<int>();
        var thread = new WorkThread<int>("test", item => done.Add(item));
        for (var i = 0; i < 10_000; i++)
            thread.Add(i);
        thread.Dispose();
        Assert.Equal(Enumerable.Range(0, 10_000), done);
    }
}
