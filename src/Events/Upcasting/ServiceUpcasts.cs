using JustRunIt.Events.Messaging;
using JustRunIt.Events.Settings;
using JustRunIt.Events.Sla;

namespace JustRunIt.Events.Upcasting;

/// <summary>Events of service streams: agreements on the mean response time alone, measured by nobody knows which kind of source.</summary>
internal static class ServiceUpcasts
{
    public static IEnumerable<KeyValuePair<string, Func<OldEvent, IDomainEvent>>> All =>
    [
        new("justrunit.service-registered.v1", Registered),
        new("justrunit.sla-violated.v1", Violated),
        new("justrunit.sla-restored.v1", Restored),
        new("justrunit.sla-slack-detected.v1", Slack),
    ];

    private static ServiceRegistered Registered(OldEvent e)
    {
        var level = e.Group("level")!;
        return new ServiceRegistered(
            e.Need<string>("service"),
            e.Need<string>("dataCenter"),
            new ServiceLevel(
                level.MeanAtMost("meanResponseTime"),
                level.Need<TimeSpan>("window"),
                level.Need<double>("slackThreshold"),
                level.Need<int>("minimumRequests"),
                level.Need<int>("repeatAfterWindows")),
            e.Need<string>("measuredAt"),
            e.Need<IReadOnlyList<TierDefinition>>("tiers"),
            e.Need<ExplorationSettings>("exploration"),
            e.Need<DateTimeOffset>("at"));
    }

    private static SlaViolated Violated(OldEvent e) => new(
        e.Need<string>("service"),
        e.Need<DateTimeOffset>("windowFrom"),
        e.Need<DateTimeOffset>("windowTo"),
        e.MeanAtMost("agreed"),
        e.Milliseconds("mean"),
        e.Need<long>("requests"),
        e.Need<int>("consecutiveWindows"),
        e.Need<string>("source"),
        External: false,
        Since: e.Need<DateTimeOffset>("windowFrom"));

    private static SlaRestored Restored(OldEvent e) => new(
        e.Need<string>("service"),
        e.Need<DateTimeOffset>("windowFrom"),
        e.Need<DateTimeOffset>("windowTo"),
        e.MeanAtMost("agreed"),
        e.Milliseconds("mean"),
        e.Need<long>("requests"),
        e.Need<DateTimeOffset>("violatedSince"),
        e.Need<string>("source"),
        External: false);

    private static SlaSlackDetected Slack(OldEvent e) => new(
        e.Need<string>("service"),
        e.Need<DateTimeOffset>("windowFrom"),
        e.Need<DateTimeOffset>("windowTo"),
        e.MeanAtMost("agreed"),
        e.Milliseconds("mean"),
        e.Need<long>("requests"),
        e.Need<int>("consecutiveWindows"),
        e.Need<string>("source"),
        External: false);
}
