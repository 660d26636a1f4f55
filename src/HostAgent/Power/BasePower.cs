using JustRunIt.Events.Quantities;

namespace JustRunIt.HostAgent.Power;

/// <summary>
/// Power of a machine with nothing running on it (§3.2): the mean of the intervals in which it was idle from start to end.
/// Old intervals fade, so that the base follows the machine's temperature and age.
/// </summary>
/// <param name="Watts">The mean.</param>
/// <param name="Intervals">How many intervals it comes from, at most <see cref="Remembered"/>.</param>
internal sealed record BasePower(Watts Watts, int Intervals)
{
    /// <summary>A new interval never counts less than one in so many.</summary>
    public const int Remembered = 60;

    /// <summary>The base after an interval; unchanged when anything ran in it.</summary>
    public static BasePower? After(BasePower? before, Watts measured, bool idle)
    {
        if (!idle)
            return before;
        var intervals = Math.Min((before?.Intervals ?? 0) + 1, Remembered);
        var mean = before?.Watts.Value ?? measured.Value;
        return new BasePower(new Watts(mean + (measured.Value - mean) / intervals), intervals);
    }
}
