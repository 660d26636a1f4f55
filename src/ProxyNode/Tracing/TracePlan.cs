using JustRunIt.ProxyNode.Sessions;

namespace JustRunIt.ProxyNode.Tracing;

/// <summary>
/// Which sessions of a trace are repeated, how often, when each begins and how fast it goes on (§2.3, §6). The same seed gives the
/// same plan.
/// </summary>
internal static class TracePlan
{
    /// <summary>A copy begins at most this fraction of the trace's length after its original, so that the load keeps its shape.</summary>
    private const double LargestOffset = 0.05;

    /// <summary>The sessions of a trace, in the order in which they begin; of each the exchanges in the order of their arrival.</summary>
    public static IReadOnlyList<IReadOnlyList<TraceFile.Recorded>> Sessions(IEnumerable<TraceFile.Recorded> exchanges, SessionRules rules)
    {
        var finder = new SessionFinder(rules);
        var sessions = new Dictionary<long, List<TraceFile.Recorded>>();
        // A name is known from when the reply that gave it out has ended.
        var replies = new PriorityQueue<(long Session, TraceEntry Entry), TimeSpan>();
        foreach (var exchange in exchanges.OrderBy(exchange => exchange.Entry.Arrival))
        {
            while (replies.TryPeek(out var reply, out var end) && end <= exchange.Entry.Arrival)
            {
                finder.Learn(reply.Session, reply.Entry.Issued);
                replies.Dequeue();
            }

            var session = finder.Find(exchange.Entry.Connection, exchange.Names);
            if (!sessions.TryGetValue(session, out var found))
                sessions[session] = found = [];
            found.Add(exchange);
            if (exchange.Entry.Issued.Count > 0)
                replies.Enqueue((session, exchange.Entry), exchange.Entry.End);
        }

        return [.. sessions.Values.OrderBy(session => session[0].Entry.Arrival)];
    }

    /// <summary>Chooses sessions, multiplies them, and scales the times at which they begin.</summary>
    /// <param name="sessions">Of the trace.</param>
    /// <param name="fraction">How many sessions are repeated, to those recorded: 0.5 leaves half of them out, 2 repeats each twice.</param>
    /// <param name="speed">Sessions begun a second, to those recorded; what is within a session stays.</param>
    /// <param name="seed">Of what is left to chance.</param>
    /// <param name="pace">How fast a session goes on, to how fast it did: 2 halves the gaps within it.</param>
    public static IReadOnlyList<Planned> Make(
        IReadOnlyList<IReadOnlyList<TraceFile.Recorded>> sessions, double fraction, double speed, int seed, double pace = 1)
    {
        if (sessions.Count == 0)
            return [];
        var random = new Random(seed);
        var first = sessions[0][0].Entry.Arrival;
        var length = sessions.Max(session => session[^1].Entry.Arrival) - first;
        var whole = (int)Math.Floor(fraction);
        var more = new bool[sessions.Count];
        var chosen = (int)Math.Round((fraction - whole) * sessions.Count);
        foreach (var index in Enumerable.Range(0, sessions.Count).OrderBy(_ => random.Next()).Take(chosen))
            more[index] = true;
        var planned = new List<Planned>();
        for (var i = 0; i < sessions.Count; i++)
        {
            var begin = sessions[i][0].Entry.Arrival - first;
            for (var copy = 0; copy < whole + (more[i] ? 1 : 0); copy++)
            {
                var offset = copy == 0 ? TimeSpan.Zero : random.NextDouble() * LargestOffset * length;
                planned.Add(new Planned(sessions[i], copy, (begin + offset) / speed, pace));
            }
        }

        return [.. planned.OrderBy(session => session.Begin)];
    }

    /// <summary>A session to repeat.</summary>
    /// <param name="Exchanges">Its exchanges, in the order of their arrival.</param>
    /// <param name="Copy">0 for the first time it is repeated; each copy has identities of its own.</param>
    /// <param name="Begin">When its first request is due, since the replay began.</param>
    /// <param name="Pace">How fast it goes on, to how fast it did.</param>
    internal sealed record Planned(IReadOnlyList<TraceFile.Recorded> Exchanges, int Copy, TimeSpan Begin, double Pace = 1)
    {
        /// <summary>
        /// When one of its requests is due, since the replay began: the gaps within a session are the original's, divided by the pace.
        /// </summary>
        public TimeSpan DueOf(int index)
        {
            var gap = Exchanges[index].Entry.Arrival - Exchanges[0].Entry.Arrival;
            return Begin + (Pace == 1 ? gap : gap / Pace);
        }
    }
}
