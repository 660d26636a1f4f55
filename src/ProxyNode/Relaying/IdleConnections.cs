using JustRunIt.ProxyNode.Replaying;

namespace JustRunIt.ProxyNode.Relaying;

/// <summary>
/// Ends, where descriptors are short, the connection of the process that can best be spared: first clones', for nothing on-line ends
/// because of one; then those over which nothing was asked yet; then those that wait for their next request; of each kind the one that
/// has idled longest. None with an exchange or a transaction open.
/// </summary>
internal static class IdleConnections
{
    private const int MostCandidates = 256;

    /// <summary>Where there was none to end, it is not looked for again at once: that takes time with many connections.</summary>
    private static readonly TimeSpan AgainAfter = TimeSpan.FromMilliseconds(20);

    private static readonly Lock Gate = new();
    private static readonly HashSet<ConnectionRoll> Rolls = [];
    private static readonly HashSet<Replay> Replays = [];
    private static readonly Queue<(IRelayedConnection Connection, long Since)> Candidates = new();
    private static long noneAt;

    /// <summary>A listener's connections can be ended from now on.</summary>
    public static void Add(ConnectionRoll roll)
    {
        lock (Gate)
            Rolls.Add(roll);
    }

    /// <summary>A listener has ended.</summary>
    public static void Remove(ConnectionRoll roll)
    {
        lock (Gate)
            Rolls.Remove(roll);
    }

    /// <summary>A clone gets duplicates: its connections can be ended from now on.</summary>
    public static void Add(Replay replay)
    {
        lock (Gate)
            Replays.Add(replay);
    }

    /// <summary>A replay has ended.</summary>
    public static void Remove(Replay replay)
    {
        lock (Gate)
            Replays.Remove(replay);
    }

    /// <summary>Ends one; false when there is none.</summary>
    public static bool TryShed()
    {
        lock (Gate)
        {
            if (Replays.Any(replay => replay.TryGiveWay()))
                return true;
            for (var isFresh = false; !isFresh; isFresh = true)
            {
                if (TryShedCandidate())
                    return true;
                if (Environment.TickCount64 - noneAt < AgainAfter.TotalMilliseconds)
                    return false;
                Find();
            }

            if (TryShedCandidate())
                return true;
            noneAt = Environment.TickCount64;
            return false;
        }
    }

    private static bool TryShedCandidate()
    {
        while (Candidates.TryDequeue(out var next))
        {
            // Whoever has asked for something meanwhile no longer comes first.
            if (next.Connection.Idles(long.MaxValue)?.Since == next.Since && next.Connection.TryShed(ConnectionEnd.ShedWhileIdle))
                return true;
        }

        return false;
    }

    private static void Find()
    {
        var all = new List<(IRelayedConnection Connection, bool HasAsked, long Since)>();
        foreach (var roll in Rolls)
        {
            var now = roll.Clock.GetTimestamp();
            foreach (var served in roll.Read())
            {
                if (served.Relayed is { } relayed && relayed.Idles(now) is { } idle)
                    all.Add((relayed, idle.HasAsked, idle.Since));
            }
        }

        if (all.Count == 0)
            return;
        // Of one kind only: before the other kind's turn comes, it is looked again for those of the first.
        var hasAsked = all.TrueForAll(one => one.HasAsked);
        foreach (var one in all.Where(one => one.HasAsked == hasAsked).OrderBy(one => one.Since).Take(MostCandidates))
            Candidates.Enqueue((one.Connection, one.Since));
    }
}
