namespace JustRunIt.Hosting.Messaging;

/// <summary>Which failures of a consumer are worth another try: the message is then handled again from the start.</summary>
/// <param name="IsOutage">A server that is away for a while: tried again for hours.</param>
/// <param name="IsConflict">Somebody else was faster: tried again at once, a few times.</param>
public sealed record RetryRules(Func<Exception, bool> IsOutage, Func<Exception, bool> IsConflict)
{
    /// <summary>
    /// So long messages that are heard in order are kept in hand while a server is away. Less than the broker waits for an answer, half an
    /// hour: after that it would deliver them anew.
    /// </summary>
    public static TimeSpan LongestInHand { get; } = TimeSpan.FromMinutes(25);

    /// <summary>Nothing is tried again.</summary>
    public static RetryRules None { get; } = new(_ => false, _ => false);

    /// <summary>When a message is delivered again that failed for an outage.</summary>
    public RedeliverySchedule Redelivery { get; init; } = RedeliverySchedule.Default;
}
