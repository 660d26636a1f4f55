using JustRunIt.Demo;

namespace JustRunIt.Console.Tests;

/// <summary>How the demonstration's load grows until the agreement is violated.</summary>
public sealed class DemoSurgeTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private static readonly DateTimeOffset Begin = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void It_grows_by_half_at_once()
    {
        var surge = new DemoSurge(Patience);
        Assert.Equal(1.5, surge.Next(Begin, holds: false));
        Assert.Equal([new DemoLoad(Begin, 1.5)], surge.Loads);
    }

    [Fact]
    public void It_grows_no_further_once_the_agreement_is_violated()
    {
        var surge = new DemoSurge(Patience);
        surge.Next(Begin, holds: true);
        Assert.Null(surge.Next(Begin + (10 * Patience), holds: false));
    }

    [Fact]
    public void What_the_service_bears_for_a_while_is_too_little_up_to_twice_the_load()
    {
        var surge = new DemoSurge(Patience);
        foreach (var second in Enumerable.Range(0, 200))
            surge.Next(Begin + TimeSpan.FromSeconds(second), holds: true);
        Assert.Equal(
            [new DemoLoad(Begin, 1.5), new DemoLoad(Begin + Patience, 1.75), new DemoLoad(Begin + (2 * Patience), 2)],
            surge.Loads);
    }
}
