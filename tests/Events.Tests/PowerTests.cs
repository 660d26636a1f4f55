using CsCheck;
using JustRunIt.Events.Hosts;
using JustRunIt.Events.Quantities;

namespace JustRunIt.Events.Tests;

/// <summary>Mean power over the window of an experiment.</summary>
public sealed class PowerTests
{
    private static readonly DateTimeOffset Noon = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Samples_count_by_the_part_of_them_that_lies_in_the_window()
    {
        var mean = PowerDrawn.Mean([Sample(0, 4, 100), Sample(4, 8, 200), Sample(8, 12, 900)], At(2), At(8))!;
        // 2 s at 100 W, 4 s at 200 W, nothing of the third.
        Assert.Equal(1000.0 / 6, mean.Machine.Value, 9);
        Assert.Equal(1000.0 / 6 - 50, mean.Dynamic!.Value.Value, 9);
    }

    [Fact]
    public void A_window_that_is_less_than_half_covered_has_no_mean()
    {
        Assert.Null(PowerDrawn.Mean([Sample(0, 4, 100)], At(0), At(9)));
        Assert.NotNull(PowerDrawn.Mean([Sample(0, 5, 100)], At(0), At(9)));
        Assert.Null(PowerDrawn.Mean([], At(0), At(9)));
    }

    [Fact]
    public void One_estimate_among_measurements_makes_an_estimate()
    {
        var estimated = Sample(1, 2, 100) with { Power = Sample(1, 2, 100).Power with { Estimated = true } };
        Assert.True(PowerDrawn.Mean([Sample(0, 1, 100), estimated], At(0), At(2))!.Estimated);
        Assert.False(PowerDrawn.Mean([Sample(0, 1, 100), Sample(1, 2, 100)], At(0), At(2))!.Estimated);
    }

    [Fact]
    public void While_the_base_is_unknown_so_is_the_dynamic_part()
    {
        var unknown = new PowerSample(At(0), At(4), new PowerDrawn("m", new Watts(100), null, null, false, "rapl"));
        Assert.Null(PowerDrawn.Mean([unknown], At(0), At(4))!.Dynamic);
        // Known over a part of the window: the mean of that part.
        Assert.Equal(150, PowerDrawn.Mean([unknown, Sample(4, 8, 200)], At(0), At(8))!.Dynamic!.Value.Value, 9);
    }

    [Fact]
    public void The_mean_lies_between_the_smallest_and_the_largest_sample_whatever_their_order() =>
        Gen.Double[0, 1000].List[1, 20].Sample(watts =>
        {
            var samples = watts.Select((value, i) => Sample(i, i + 1, value)).ToList();
            var mean = PowerDrawn.Mean(samples, At(0), At(watts.Count))!.Machine.Value;
            samples.Reverse();
            return mean >= watts.Min() - 1e-9 && mean <= watts.Max() + 1e-9
                && Math.Abs(mean - PowerDrawn.Mean(samples, At(0), At(watts.Count))!.Machine.Value) < 1e-9;
        });

    [Fact]
    public void A_report_tells_each_virtual_machine_its_part()
    {
        var report = new PowerMeasured(
            "dc", "agent", "m", At(
                0), At(1), new Watts(150), new Watts(100), false, "rapl", [new VmPower("shop-app", new CpuShare(0.5), new Watts(20))]);
        Assert.Equal(new Watts(20), report.SampleOf("shop-app")!.Power.Dynamic);
        Assert.Null(report.SampleOf("another"));
    }

    private static DateTimeOffset At(double seconds) => Noon + TimeSpan.FromSeconds(seconds);

    private static PowerSample Sample(double from, double to, double watts) =>
        new(At(from), At(to), new PowerDrawn("m", new Watts(watts), new Watts(50), new Watts(Math.Max(0, watts - 50)), false, "rapl"));
}
