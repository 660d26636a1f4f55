using CsCheck;
using JustRunIt.ProxyNode.Replaying.Pacing;

namespace JustRunIt.ProxyNode.Tests;

/// <summary>How a connection of a clone works off what waits. Times are milliseconds.</summary>
public sealed class CatchUpTests
{
    private const long Second = 1000;
    private const long Stall = 10 * Second;

    private static readonly Gen<long[]> Gaps =
        Gen.Double[0, 1].Select(uniform => (long)(-Math.Log(1 - (0.999 * uniform)) * 40)).Array[800, 1000];

    [Fact]
    public void Who_keeps_up_is_never_held_back() => Gen.Select(Gaps, Gen.Long[0, Second - 1]).Sample((gaps, late) =>
    {
        var catchUp = new CatchUp(Second);
        Assert.All(DueTimes(gaps), due => Assert.Equal(0, catchUp.Wait(due, due + late)));
    });

    [Fact]
    public void After_a_stall_what_waits_goes_twice_as_fast_as_it_came_until_the_clone_has_caught_up() => Gaps.Sample(gaps =>
    {
        var dueTimes = DueTimes(gaps);
        var sent = Repeat(dueTimes, 0, Stall, new CatchUp(Second));
        var behind = Enumerable.Range(0, sent.Length).Where(i => sent[i] - dueTimes[i] >= Second).ToArray();
        Assert.True(behind.Length > 100, $"{behind.Length}");
        // Each went when its turn at twice the pace had come, and no later.
        Assert.All(behind, i => Assert.Equal(Stall + ((dueTimes[i] - dueTimes[0]) / CatchUp.Pace), sent[i]));
        Assert.InRange(sent[^1] - dueTimes[^1], 0, Second);
    });

    [Fact]
    public void A_clone_that_is_too_slow_gives_what_it_can() => Gen.Select(Gaps, Gen.Double[1.05, 3]).Sample((gaps, slower) =>
    {
        // What it takes is the mean gap and some more: it falls behind for as long as the load lasts.
        var dueTimes = DueTimes(gaps);
        var takes = (long)(gaps.Average() * slower) + 1;
        var free = Repeat(dueTimes, takes, 0, catchUp: null);
        var paced = Repeat(dueTimes, takes, 0, new CatchUp(Second));
        Assert.InRange(paced[^1] - free[^1], 0, Second);
    });

    private static long[] DueTimes(long[] gaps)
    {
        var due = 0L;
        return [.. gaps.Select(gap => due += gap)];
    }

    /// <summary>When each is sent: when it is due, the one before is answered and nothing holds it back.</summary>
    private static long[] Repeat(long[] dueTimes, long takes, long notBefore, CatchUp? catchUp)
    {
        var now = notBefore;
        return [.. dueTimes.Select(due =>
        {
            now = Math.Max(now, due);
            now += catchUp?.Wait(due, now) ?? 0;
            var sent = now;
            now += takes;
            return sent;
        })];
    }
}
