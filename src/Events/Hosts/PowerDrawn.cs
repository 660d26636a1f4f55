using JustRunIt.Events.Quantities;

namespace JustRunIt.Events.Hosts;

/// <summary>Mean power of a machine, and of one virtual machine's part in it, over some time (§3.2).</summary>
/// <param name="OnMachine">The machine.</param>
/// <param name="Machine">Power of the whole machine.</param>
/// <param name="Base">Power of the machine with nothing running on it; null when unknown.</param>
/// <param name="Dynamic">The virtual machine's share of what is above the base; null when the base is unknown.</param>
/// <param name="Estimated">True when computed from utilization instead of measured.</param>
/// <param name="Meter">What measured, or estimated.</param>
public sealed record PowerDrawn(string OnMachine, Watts Machine, Watts? Base, Watts? Dynamic, bool Estimated, string Meter)
{
    /// <summary>At least this part of a window must be covered by samples, or their mean does not speak for it.</summary>
    private const double SmallestCoverage = 0.5;

    /// <summary>
    /// Mean over a window, each sample weighted by the part of it that lies within. Null when less than half of the window
    /// is covered. One estimated sample makes the mean an estimate.
    /// </summary>
    /// <param name="samples">In any order; no two of the same time.</param>
    /// <param name="from">Start of the window.</param>
    /// <param name="to">End of the window.</param>
    public static PowerDrawn? Mean(IEnumerable<PowerSample> samples, DateTimeOffset from, DateTimeOffset to)
    {
        ArgumentNullException.ThrowIfNull(samples);
        var parts = samples
            .Select(sample => (sample.Power, Seconds: (Earlier(sample.To, to) - Later(sample.From, from)).TotalSeconds, sample.To))
            .Where(part => part.Seconds > 0)
            .OrderBy(part => part.To)
            .ToList();
        if (parts.Count == 0 || parts.Sum(part => part.Seconds) < SmallestCoverage * (to - from).TotalSeconds)
            return null;
        var last = parts[^1].Power;
        return new PowerDrawn(
            last.OnMachine,
            MeanOf(power => power.Machine)!.Value,
            last.Base,
            MeanOf(power => power.Dynamic),
            parts.Exists(part => part.Power.Estimated),
            last.Meter);

        Watts? MeanOf(Func<PowerDrawn, Watts?> value)
        {
            var known = parts.Where(part => value(part.Power) is not null).ToList();
            return known.Count == 0
                ? null
                : new Watts(known.Sum(part => part.Seconds * value(part.Power)!.Value.Value) / known.Sum(part => part.Seconds));
        }
    }

    private static DateTimeOffset Earlier(DateTimeOffset a, DateTimeOffset b) => a < b ? a : b;

    private static DateTimeOffset Later(DateTimeOffset a, DateTimeOffset b) => a > b ? a : b;
}
