namespace JustRunIt.Hosting.Messaging;

/// <summary>
/// After which delays a message is delivered again that cannot be handled for now. A step with its own delay has a queue of its own,
/// in which a message waits; so few steps make few queues.
/// </summary>
/// <param name="Steps">One after the other: the delay, and how often.</param>
public sealed record RedeliverySchedule(IReadOnlyList<RedeliverySchedule.Step> Steps)
{
    /// <summary>Soon for a minute, then every minute for five and a half hours: an outage that lasts longer needs an operator.</summary>
    public static RedeliverySchedule Default { get; } =
        new([new Step(TimeSpan.FromSeconds(5), 12), new Step(TimeSpan.FromMinutes(1), 330)]);

    /// <summary>How long a message is tried for in all.</summary>
    public TimeSpan Total => Steps.Aggregate(TimeSpan.Zero, (sum, step) => sum + (step.Delay * step.Times));

    /// <summary>The delay before a message is delivered again; null when it has been tried often enough.</summary>
    /// <param name="redeliveries">How often it has been delivered again so far.</param>
    public TimeSpan? DelayAfter(int redeliveries)
    {
        foreach (var step in Steps)
        {
            if (redeliveries < step.Times)
                return step.Delay;
            redeliveries -= step.Times;
        }

        return null;
    }

    /// <summary>A delay, and how often it is waited.</summary>
    /// <param name="Delay">How long; whole milliseconds.</param>
    /// <param name="Times">How often.</param>
    public sealed record Step(TimeSpan Delay, int Times);
}
