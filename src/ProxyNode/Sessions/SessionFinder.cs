using JustRunIt.ProxyNode.Replaying.Comparing;

namespace JustRunIt.ProxyNode.Sessions;

/// <summary>
/// Tells which session a request belongs to: an existing one, or a new one (§2.3). A session gets its name when a server gives
/// it out in a reply, as a cookie. Bounded: the sessions that were named first are forgotten first. Not safe for concurrent calls.
/// </summary>
/// <param name="rules">What makes a session.</param>
internal sealed class SessionFinder(SessionRules rules)
{
    private const int MostNames = 200_000;

    private readonly Dictionary<string, long> byName = [];
    private readonly Queue<string> byAge = new();
    private long last;

    /// <summary>The session of a request, by a number that no other session has.</summary>
    /// <param name="connection">Number of its connection, from 1.</param>
    /// <param name="names">Of sessions, that the request carries.</param>
    public long Find(long connection, IReadOnlyList<string> names)
    {
        if (rules.By == SessionKind.Connection)
            return connection;

        foreach (var name in names)
        {
            if (byName.TryGetValue(name, out var known))
                return known;
        }

        var session = ++last;
        if (names.Count > 0)
            Name(names[0], session);
        return session;
    }

    /// <summary>A server gave out names in reply to a request of a session.</summary>
    public void Learn(long session, IReadOnlyList<IssuedName>? issued)
    {
        if (rules.By == SessionKind.Connection || issued is null)
            return;
        foreach (var name in issued.Where(name => name.Name.Length > 0))
            Name(name.Name, session);
    }

    private void Name(string name, long session)
    {
        if (byName.TryAdd(name, session))
            byAge.Enqueue(name);
        else
            byName[name] = session;
        while (byName.Count > MostNames && byAge.TryDequeue(out var oldest))
            byName.Remove(oldest);
    }
}
