using JustRunIt.Events.Quantities;

namespace JustRunIt.HostAgent.ControlGroups;

/// <summary>CPU time a period that stands for a share (kernel documentation, scheduler/sched-bwc.rst).</summary>
/// <param name="Microseconds">CPU time a period, of all cores together.</param>
/// <param name="PeriodMicroseconds">The period.</param>
internal readonly record struct Quota(long Microseconds, long PeriodMicroseconds)
{
    /// <summary>The kernel takes no smaller quota.</summary>
    public const long SmallestMicroseconds = 1000;

    /// <summary>The kernel takes no longer period.</summary>
    public const long LongestPeriodMicroseconds = 1_000_000;

    /// <summary>
    /// The quota of a share. A share too small for the period gets a longer one, which keeps the ratio: 5 % of 10 ms would be
    /// half of the smallest quota, so it becomes 1 ms of 20 ms. The same share always has the same period, so original and clone
    /// are alike.
    /// </summary>
    /// <param name="realCores">The share, in real cores.</param>
    /// <param name="period">The period wanted, 1 ms to 1 s.</param>
    public static Quota Of(CpuShare realCores, TimeSpan period)
    {
        var microseconds = (long)period.TotalMicroseconds;
        if (realCores.Cores * microseconds < SmallestMicroseconds)
            microseconds = Math.Min(LongestPeriodMicroseconds, (long)Math.Ceiling(SmallestMicroseconds / Math.Max(realCores.Cores, 1e-6)));
        return new Quota(Math.Max(SmallestMicroseconds, (long)Math.Round(realCores.Cores * microseconds)), microseconds);
    }

    /// <summary>The share that it stands for.</summary>
    public CpuShare Share => new((double)Microseconds / PeriodMicroseconds);
}
