using JustRunIt.Events.Explorations;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Settings;

namespace JustRunIt.Events.Upcasting;

/// <summary>Events of exploration streams: what an exploration was for follows from its trigger.</summary>
internal static class ExplorationUpcasts
{
    public static IEnumerable<KeyValuePair<string, Func<OldEvent, IDomainEvent>>> All =>
        [new("justrunit.exploration-started.v1", Started)];

    private static ExplorationStarted Started(OldEvent e)
    {
        var trigger = e.Need<string>("trigger");
        return new ExplorationStarted(
            e.Need<Guid>("explorationId"),
            e.Need<string>("service"),
            e.Need<string>("dataCenter"),
            trigger,
            trigger.Contains("slack", StringComparison.Ordinal) ? ExplorationGoal.ReleaseSlack : ExplorationGoal.KeepAgreement,
            e.MeanAtMost("agreed"),
            Seen: null,
            e.Need<ExplorationSettings>("settings"),
            e.Need<IReadOnlyList<Guid>>("matrices"),
            Attempt: 1,
            e.Need<DateTimeOffset>("at"));
    }
}
