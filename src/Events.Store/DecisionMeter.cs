using System.Diagnostics.Metrics;
using JustRunIt.Events.Deciding;

namespace JustRunIt.Events.Store;

/// <summary>Counts decisions, those for nothing by their reason.</summary>
public sealed class DecisionMeter : IDisposable
{
    /// <summary>Name of the meter.</summary>
    public const string Name = "JustRunIt.Decisions";

    private readonly Meter meter = new(Name);
    private readonly Counter<long> decisions;

    /// <summary>Starts at zero.</summary>
    public DecisionMeter() => decisions = meter.CreateCounter<long>(
        "justrunit.decisions", "{message}", "Messages that a decider has answered, by what came of them.");

    /// <summary>One message was answered.</summary>
    /// <param name="decider">By whom.</param>
    /// <param name="message">Its wire name.</param>
    /// <param name="why">Why nothing was decided; null when something was.</param>
    public void Count(string decider, string message, WhyNothing? why) => decisions.Add(
        1,
        new KeyValuePair<string, object?>("decider", decider),
        new KeyValuePair<string, object?>("message", message),
        new KeyValuePair<string, object?>("outcome", why?.ToString() ?? "Decided"));

    /// <inheritdoc />
    public void Dispose() => meter.Dispose();
}
