using System.Globalization;
using JustRunIt.Events.Quantities;

namespace JustRunIt.HostAgent.Power;

/// <summary>CPU use of a machine between two looks.</summary>
internal static class Utilization
{
    // Fields of the first line of /proc/stat after its name (proc(5)): user, nice, system, idle, iowait, irq, softirq, steal;
    // guest times are counted in user already.
    private const int Idle = 3;
    private const int InputOutputWait = 4;
    private const int Counted = 8;

    /// <summary>Of the whole host, from /proc/stat.</summary>
    public static Func<double?> OfHost(Func<string> readStat)
    {
        (long Busy, long Total)? before = null;
        return () =>
        {
            var now = Parse(readStat());
            var (from, first) = (before ?? now, before is null);
            before = now;
            return first || now.Total == from.Total ? null : (double)(now.Busy - from.Busy) / (now.Total - from.Total);
        };
    }

    /// <summary>Of a simulated machine: CPU time of its control group over what it could have had.</summary>
    public static Func<double?> OfGroup(Func<TimeSpan> cpuTime, CpuShare realCores, TimeProvider clock)
    {
        (TimeSpan Used, long At)? before = null;
        return () =>
        {
            var now = (cpuTime(), clock.GetTimestamp());
            var from = before;
            before = now;
            return from is { } start && clock.GetElapsedTime(start.At, now.Item2) is { Ticks: > 0 } elapsed
                ? (now.Item1 - start.Used) / (elapsed * realCores.Cores)
                : null;
        };
    }

    internal static (long Busy, long Total) Parse(string stat)
    {
        var line = stat[..stat.IndexOf('\n', StringComparison.Ordinal)];
        var ticks = line.Split(' ', StringSplitOptions.RemoveEmptyEntries).Skip(1).Take(Counted)
            .Select(field => long.Parse(field, CultureInfo.InvariantCulture)).ToArray();
        var total = ticks.Sum();
        return (total - ticks[Idle] - ticks[InputOutputWait], total);
    }
}
