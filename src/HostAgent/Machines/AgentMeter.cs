using System.Diagnostics.Metrics;

namespace JustRunIt.HostAgent.Machines;

/// <summary>Counts of what an agent leaves alone or lets go, for whoever collects .NET metrics.</summary>
internal static class AgentMeter
{
    /// <summary>Name of the meter.</summary>
    public const string Name = "JustRunIt.HostAgent";

    private static readonly Meter Meter = new(Name);

    private static readonly Counter<long> DroppedBytes = Meter.CreateCounter<long>(
        "justrunit.agent.log.dropped", "By", "Output of servers that was too much to be kept");

    private static int quarantined;

    static AgentMeter() => Meter.CreateObservableGauge(
        "justrunit.agent.quarantined", () => Volatile.Read(ref quarantined), "{server}", "Groups of processes that nothing explains");

    /// <summary>Output was not kept.</summary>
    public static void Dropped(long bytes) => DroppedBytes.Add(bytes);

    /// <summary>So many are in quarantine.</summary>
    public static void Quarantined(int count) => Volatile.Write(ref quarantined, count);
}
