using JustRunIt.Events.Explorations;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Sandboxes;
using JustRunIt.Events.Settings;
using static JustRunIt.Events.Telling.Sentences;

namespace JustRunIt.Events.Telling;

/// <summary>Words for explorations, and for the sandboxes that they hold; null for other events.</summary>
internal static class ExplorationSentences
{
    public static string? Of(IDomainEvent @event) => @event switch
    {
        ExplorationStarted e => $"{e.Service} is being explored to {Goal(e.Goal)}, for {e.Agreement}: tiers {List(e.Settings.Tiers)}"
            + (e.Attempt > 1 ? Say($", attempt {e.Attempt}") : ""),
        ExplorationCompleted e => $"the exploration of {e.Service} ends: {e.Reason}",
        RepetitionNoted e =>
            $"{e.Service} is to be explored again to {Goal(e.Goal)} once the exploration under way has ended: its matrix of {e.Tier} "
                + $"could not decide, {e.Detail}",
        SandboxLeased e => $"sandbox {e.Machine} is held by {e.Holder} until {At(e.Until)}",
        SandboxReleased e => $"sandbox {e.Machine} is released by {e.Holder}",
        _ => null,
    };

    internal static string Goal(ExplorationGoal goal) => goal switch
    {
        ExplorationGoal.KeepAgreement => "keep the agreement",
        ExplorationGoal.ReleaseSlack => "release slack",
        _ => $"{goal}",
    };
}
