using JustRunIt.Events.Placement;
using JustRunIt.Events.Sla;

namespace JustRunIt.Demo;

/// <summary>How far the loop has come for one service since its load grew.</summary>
/// <param name="service">The service.</param>
internal sealed class DemoOutcome(string service)
{
    private Guid? decision;
    private DateTimeOffset? appliedAt;
    private bool isViolated;

    /// <summary>Whether the monitor's last word is that the agreement holds.</summary>
    public bool Holds { get; private set; } = true;

    /// <summary>Whether nothing has come of the load yet.</summary>
    public bool IsBorne => Holds && !isViolated && decision is null;

    /// <summary>Why it cannot end well any more; null while it can.</summary>
    public string? Impossible { get; private set; }

    /// <summary>Hears a message.</summary>
    /// <param name="message">Any.</param>
    /// <param name="surge">When the load grew first (UTC).</param>
    public void Hear(object message, DateTimeOffset surge)
    {
        switch (message)
        {
            case SlaViolated e when e.Service == service:
                isViolated |= e.WindowTo > surge;
                Holds = false;
                break;
            case SlaRestored e when e.Service == service:
                Holds = true;
                break;
            case AllocationDecided e when e.Service == service:
                decision ??= e.DecisionId;
                break;
            case PlacementDecided { Feasible: false } e when e.DecisionId == decision:
                Impossible = e.Problem ?? "no placement is possible";
                break;
            case PlacementApplied e when e.DecisionId == decision:
                appliedAt ??= e.At;
                break;
        }
    }

    /// <summary>Whether the agreement held for so long after the change that a whole window after it has been looked at.</summary>
    public bool IsRestored(DateTimeOffset now, TimeSpan window) => appliedAt is { } applied && Holds && now > applied + (2 * window);

    /// <summary>What was missing when the time was over.</summary>
    public string Missing(TimeSpan limit) =>
        appliedAt is not null ? $"the response time was above the agreement until {limit.TotalSeconds:0} s after the load grew"
        : decision is not null ? "the decision could not be applied in time"
        : isViolated ? "no decision was reached in time"
        : "the SLA was not violated by the surge";
}
