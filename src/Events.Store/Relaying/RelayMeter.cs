using System.Diagnostics.Metrics;

namespace JustRunIt.Events.Store.Relaying;

/// <summary>
/// What an operator watches of the relay. Only the process that leads says how far behind it is and what is parked; whether the broker
/// is blocked, each says that has tried to send.
/// </summary>
public sealed class RelayMeter : IDisposable
{
    /// <summary>Name of the meter.</summary>
    public const string Name = "JustRunIt.Relay";

    private readonly Meter meter = new(Name);

    /// <summary>Nothing is known yet.</summary>
    public RelayMeter()
    {
        meter.CreateObservableGauge("justrunit.relay.leads", () => Leads ? 1 : 0, null, "1 in the process whose relay leads.");
        meter.CreateObservableGauge(
            "justrunit.relay.parked", () => OfLeader(Parked), "{message}", "Messages that could not be handed over.");
        meter.CreateObservableGauge(
            "justrunit.relay.behind", () => OfLeader(Behind), "{event}", "Numbers between the last event and the last one relayed.");
        meter.CreateObservableGauge(
            "justrunit.relay.gap",
            () => OfLeader(GapSeconds),
            "s",
            "How long a transaction that may still commit an event has been waited for.");
        meter.CreateObservableGauge(
            "justrunit.broker.blocked", () => Blocked ? 1 : 0, null, "1 while the broker takes nothing, for want of memory or disk.");
    }

    /// <summary>Whether this process' relay leads.</summary>
    public bool Leads { get; internal set; }

    /// <summary>Messages that are parked.</summary>
    public long Parked { get; internal set; }

    /// <summary>Numbers of events that are not relayed yet.</summary>
    public long Behind { get; internal set; }

    /// <summary>How long the relay has waited at a gap (s).</summary>
    public double GapSeconds { get; internal set; }

    /// <summary>Whether the broker takes nothing.</summary>
    public bool Blocked { get; internal set; }

    /// <inheritdoc />
    public void Dispose() => meter.Dispose();

    private IEnumerable<Measurement<T>> OfLeader<T>(T value)
        where T : struct => Leads ? [new Measurement<T>(value)] : [];
}
