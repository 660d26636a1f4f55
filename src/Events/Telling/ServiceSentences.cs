using JustRunIt.Events.Messaging;
using JustRunIt.Events.Resources;
using JustRunIt.Events.Settings;
using JustRunIt.Events.Sla;
using static JustRunIt.Events.Telling.Sentences;

namespace JustRunIt.Events.Telling;

/// <summary>Words for what is configured and agreed, and how it is kept; null for other events.</summary>
internal static class ServiceSentences
{
    public static string? Of(IDomainEvent @event) => @event switch
    {
        DataCenterConfigured e => Say($"data centre {e.DataCenter} has policy {e.Policy.Name}, version {e.Policy.Version}")
            + (e.Services is { } services ? $", and under management {(services.Count == 0 ? "nothing" : List(services))}" : ""),
        ServiceRegistered e => $"service {e.Service} of data centre {e.DataCenter} is under management: {e.Level.Agreement} at "
            + Say($"{e.MeasuredAt} over {e.Level.Window.TotalSeconds:0.###} s")
            + (e.Level.Availability is { } least ? $", {Agreement.OnAvailability(least)}" : "")
            + (e.Level.Monitor is { } monitor ? $", judged by the monitor {monitor}" : "")
            + $"; its tiers are {List(e.Tiers.Select(tier => $"{tier.Name} ({List(tier.Vms)})"))}",
        ServiceWithdrawn e => $"service {e.Service} is under management no longer",
        SlaViolated e => $"the agreement of {e.Service} is broken: {Value(e.Agreement, e.Value)} where {e.Agreement} is agreed, over "
            + Say($"{e.Requests} requests until {At(e.WindowTo)}, {e.ConsecutiveWindows} windows in a row")
            + $", by the word of {Source(e.Source, e.External)}"
            + (e.Unanswered is { } unanswered and > 0 ? Say($"; {unanswered} requests wait for an answer") : ""),
        SlaRestored e => $"the agreement of {e.Service} is kept again: {Value(e.Agreement, e.Value)} where {e.Agreement} is agreed, over "
            + Say($"{e.Requests} requests until {At(e.WindowTo)}")
            + $", by the word of {Source(e.Source, e.External)}; it was broken since {At(e.ViolatedSince)}",
        SlaSlackDetected e => $"{e.Service} has slack: {Value(e.Agreement, e.Value)} where {e.Agreement} is agreed, over "
            + Say($"{e.Requests} requests until {At(e.WindowTo)}, {e.ConsecutiveWindows} windows in a row")
            + $", by the word of {Source(e.Source, e.External)}",
        _ => null,
    };

    private static string Value(Agreement agreement, double value) => MetricNames.Describe(agreement.Metric, value);

    private static string Source(string source, bool isExternal) => isExternal ? $"the monitor {source}" : source;
}
