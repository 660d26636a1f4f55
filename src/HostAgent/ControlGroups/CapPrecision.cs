using System.Diagnostics;
using System.Globalization;
using JustRunIt.Events.Quantities;
using JustRunIt.HostAgent.Processes;

namespace JustRunIt.HostAgent.ControlGroups;

/// <summary>How exactly a cap holds: busy loops in a group of their own, and the CPU time that they got.</summary>
/// <param name="Wanted">The cap, in real cores.</param>
/// <param name="Threads">Busy loops.</param>
/// <param name="Period">Period of the quota that was in force.</param>
/// <param name="Used">CPU time over time.</param>
/// <param name="Throttled">Fraction of the periods in which the kernel held them back: 1 when they always wanted more.</param>
internal sealed record CapPrecision(CpuShare Wanted, int Threads, TimeSpan Period, CpuShare Used, double Throttled)
{
    private static readonly TimeSpan Settling = TimeSpan.FromMilliseconds(500);

    /// <summary>By how much the loops had more (or, negative, less) than the cap, as a fraction of it.</summary>
    public double Error => (Used.Cores - Wanted.Cores) / Wanted.Cores;

    /// <summary>Measures one cap. The group is removed afterwards, whatever happens.</summary>
    /// <param name="groups">The control groups.</param>
    /// <param name="group">A group that is not there yet.</param>
    /// <param name="wanted">The cap, in real cores.</param>
    /// <param name="threads">Busy loops; more than the cap has cores, or it cannot be used up.</param>
    /// <param name="period">Period of the quota.</param>
    /// <param name="length">How long to measure.</param>
    /// <param name="cancellation">Ends the measurement.</param>
    public static async Task<CapPrecision> MeasureAsync(
        IControlGroups groups,
        GroupPath group,
        CpuShare wanted,
        int threads,
        TimeSpan period,
        TimeSpan length,
        CancellationToken cancellation)
    {
        groups.Create(group);
        try
        {
            groups.SetCpu(group, wanted, period);
            for (var thread = 0; thread < threads; thread++)
                Burn(groups.EntryFiles(group));
            await Task.Delay(Settling, cancellation);
            var (before, held, begin) = (groups.CpuTime(group), groups.Throttling(group), Stopwatch.GetTimestamp());
            await Task.Delay(length, cancellation);
            var (after, heldAfter, took) = (groups.CpuTime(group), groups.Throttling(group), Stopwatch.GetElapsedTime(begin));
            return new CapPrecision(
                wanted,
                threads,
                TimeSpan.FromMicroseconds(Quota.Of(wanted, period).PeriodMicroseconds),
                new CpuShare((after - before) / took),
                (double)(heldAfter.Throttled - held.Throttled) / Math.Max(1, heldAfter.Periods - held.Periods));
        }
        finally
        {
            while (groups.Processes(group) is { Count: > 0 } left)
            {
                ProcessTable.End(left);
                await Task.Delay(20, CancellationToken.None);
            }

            groups.Remove(group);
        }
    }

    /// <inheritdoc />
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"cap {Wanted.Percent:0.#} %, {Threads} loops, period {Period.TotalMilliseconds:0.#} ms: "
        + $"used {Used.Percent:0.00} %, error {Error * 100:+0.00;-0.00} %");

    private static void Burn(IReadOnlyList<string> entryFiles)
    {
        using var process = Process.Start("/bin/sh", ["-c", EmbeddedScript.Read("burn.sh"), "burn.sh", .. entryFiles]);
    }
}
