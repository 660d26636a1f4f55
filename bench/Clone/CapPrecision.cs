using System.Diagnostics;
using JustRunIt.Events.Hosts;
using JustRunIt.Events.Quantities;
using JustRunIt.HostAgent.Configuration;
using JustRunIt.HostAgent.ControlGroups;
using JustRunIt.HostAgent.Processes;

namespace JustRunIt.Bench.Clone;

/// <summary>What a cap gave.</summary>
/// <param name="Share">The cap, in cores.</param>
/// <param name="Used">Cores that two busy loops used.</param>
/// <param name="Throttled">Fraction of the periods in which the kernel held them back: 1 when they always wanted more.</param>
internal sealed record CapFigures(double Share, double Used, double Throttled);

/// <summary>How precisely a cap holds.</summary>
internal static class CapPrecision
{
    private static readonly TimeSpan Settle = TimeSpan.FromMilliseconds(500);

    /// <summary>How long each is measured.</summary>
    public static readonly TimeSpan Length = TimeSpan.FromSeconds(10);

    /// <summary>Measures one.</summary>
    public static async Task<CapFigures> MeasureAsync(double share)
    {
        var settings = new AgentSettings("bench", "bench-cap", Path.GetTempPath(), 1, true, TimeSpan.FromMilliseconds(10), Isolation.None, false, []);
        var groups = ControlGroupDetection.Detect(settings);
        var group = GroupPath.Of("cap");
        groups.Create(group);
        groups.SetCpu(group, new CpuShare(share), settings.QuotaPeriod);
        var busy = new VmProgram("/bin/sh", ["-c", "while :; do :; done & while :; do :; done"], new Dictionary<string, string>(), "/", "127.0.0.1:1", null, null);
        _ = Launcher.Start(busy, "127.0.0.1:1", null, groups.EntryFiles(group), null, "/dev/null");
        try
        {
            await Task.Delay(Settle);
            var (before, held, begin) = (groups.CpuTime(group), groups.Throttling(group), Stopwatch.GetTimestamp());
            await Task.Delay(Length);
            var (after, heldAfter, took) = (groups.CpuTime(group), groups.Throttling(group), Stopwatch.GetElapsedTime(begin));
            return new CapFigures(share, (after - before) / took, (double)(heldAfter.Throttled - held.Throttled) / Math.Max(1, heldAfter.Periods - held.Periods));
        }
        finally
        {
            while (groups.Processes(group) is { Count: > 0 } left)
            {
                ProcessTable.End(left);
                await Task.Delay(20);
            }

            groups.Remove(group);
            groups.Remove(GroupPath.Root);
        }
    }
}
