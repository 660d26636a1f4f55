namespace JustRunIt.Events.Sla;

/// <summary>
/// A whole window. A request without a reply is a censored observation: its response time is not known, but is at least as long as it
/// has waited. So a mean has a lower bound, which may break an agreement, and never speaks for one.
/// </summary>
/// <param name="From">Start (UTC).</param>
/// <param name="To">End, exclusive (UTC).</param>
/// <param name="Tally">What came into it.</param>
/// <param name="Source">Who measured.</param>
/// <param name="External">Whether that is an external monitor.</param>
public sealed record ClosedWindow(DateTimeOffset From, DateTimeOffset To, NodeTally Tally, string Source, bool External)
{
    private const int MostNames = 4;

    /// <summary>Requests answered.</summary>
    public long Requests => Tally.Requests;

    /// <summary>Requests without a reply: given up by the client, left by the server, or in flight when the window ended.</summary>
    public long Unanswered => Waiting.Count;

    private WaitingRequests Waiting => Tally.NoReply + Tally.GivenUp + Tally.Open;

    /// <summary>The window of all in-proxies of a tier.</summary>
    public static ClosedWindow Of(WindowTally window, TimeSpan length)
    {
        ArgumentNullException.ThrowIfNull(window);
        var all = window.Nodes[0];
        foreach (var node in window.Nodes.Skip(1))
        {
            // Each is in flight at its own node: together, not the later of them.
            all = all.And(node) with { Open = all.Open + node.Open };
        }

        return new(window.From, window.From + length, all, SourceOf(window), External: false);
    }

    /// <summary>
    /// The mean response time in milliseconds for an agreement on it, and whether so many requests were answered that it may be kept.
    /// </summary>
    /// <param name="minimum">Fewer requests say nothing.</param>
    /// <returns>
    /// The larger of the mean of the answered, and of the lower bound: the mean over answered and unanswered, these with the time that
    /// they have waited. Null: there is no evidence.
    /// </returns>
    public (double Milliseconds, bool MayKeep)? Mean(int minimum)
    {
        var all = Sums.Of(Requests, Unanswered);
        if (all == 0 || all < minimum)
            return null;
        var bound = Sums.Of(Tally.Total, Waiting.Waited).TotalMilliseconds / all;
        return Requests > 0 && Requests >= minimum
            ? (Math.Max(Tally.Total.TotalMilliseconds / Requests, bound), true)
            : (bound, false);
    }

    /// <summary>
    /// The fraction of requests that were answered without error; null when there were fewer than the minimum, or errors are not told. A
    /// request that its client gave up is one that was not answered if such requests had waited longer than agreed on average, and none
    /// at all otherwise. Requests in flight are not answered when nothing was in the whole window, though one of them waited all of it.
    /// </summary>
    /// <param name="minimum">Fewer requests say nothing.</param>
    /// <param name="patience">The agreed mean response time.</param>
    public double? Availability(int minimum, TimeSpan patience)
    {
        if (Tally.Errors is not { } errors)
            return null;
        var givenUp = Tally.GivenUp.Count > 0 && Tally.GivenUp.Waited / Tally.GivenUp.Count > patience ? Tally.GivenUp.Count : 0;
        var standing = Requests == 0 && Tally.Open.Longest >= To - From ? Tally.Open.Count : 0;
        var failedReplies = Math.Clamp(errors - Tally.NoReply.Count - Tally.GivenUp.Count, 0, Requests);
        var all = Sums.Of(Sums.Of(Requests, Tally.NoReply.Count), Sums.Of(givenUp, standing));
        return all == 0 || all < minimum ? null : (double)(Requests - failedReplies) / all;
    }

    /// <summary>The fraction of all requests that failed or were left without a reply; zero without requests.</summary>
    public double Failed => Sums.Of(Requests, Sums.Of(Tally.NoReply.Count, Tally.GivenUp.Count)) is var all and > 0
        ? Math.Min(1, (double)(Tally.Errors ?? 0) / all)
        : 0;

    private static string SourceOf(WindowTally window) => window.Nodes.Length <= MostNames
        ? string.Join(", ", window.Nodes.Select(node => node.Name))
        : $"{window.Nodes.Length} proxy nodes";
}
