using JustRunIt.Events.Quantities;
using JustRunIt.HostAgent.Configuration;
using JustRunIt.HostAgent.ControlGroups;

namespace JustRunIt.Bench.Clone;

/// <summary>What a cap gave.</summary>
/// <param name="Share">The cap, in cores.</param>
/// <param name="Loops">Busy loops that wanted more.</param>
/// <param name="Used">Cores that they used.</param>
/// <param name="Throttled">Fraction of the periods in which the kernel held them back: 1 when they always wanted more.</param>
internal sealed record CapFigures(double Share, int Loops, double Used, double Throttled)
{
    /// <summary>How long each is measured.</summary>
    public static readonly TimeSpan Length = TimeSpan.FromSeconds(10);

    /// <summary>Measures one.</summary>
    public static async Task<CapFigures> MeasureAsync(double share, int loops)
    {
        var settings = new AgentSettings(
            "bench", "bench-cap", Path.GetTempPath(), 1, true, TimeSpan.FromMilliseconds(10), Isolation.None, false, []);
        var groups = ControlGroupDetection.Detect(settings);
        try
        {
            var measured = await CapPrecision.MeasureAsync(
                groups, GroupPath.Of("cap"), new CpuShare(share), loops, settings.QuotaPeriod, Length, CancellationToken.None);
            return new CapFigures(share, loops, measured.Used.Cores, measured.Throttled);
        }
        finally
        {
            groups.Remove(GroupPath.Root);
        }
    }
}
