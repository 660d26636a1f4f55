using JustRunIt.ProxyNode.Protocols;
using JustRunIt.ProxyNode.Recording;
using JustRunIt.ProxyNode.Replaying.Comparing;

namespace JustRunIt.ProxyNode.Sessions;

/// <summary>The sessions of live traffic, and when each begins at the clone. Bounded: the oldest are forgotten.</summary>
/// <param name="rules">The service's: what makes a session.</param>
/// <param name="protocol">Reads their names.</param>
/// <param name="schedule">When they begin.</param>
internal sealed class SessionBook(ServiceRules rules, IMessageProtocol protocol, SessionSchedule schedule)
{
    private const int MostSessions = 100_000;

    private readonly Lock gate = new();
    private readonly SessionFinder finder = new(rules.Sessions);
    private readonly Dictionary<long, Session> sessions = [];
    private readonly Queue<long> byAge = new();
    private long connections;

    /// <summary>A reader of the names that a reply gives out; null when they mean nothing.</summary>
    public ReplyReader? OpenReply() => rules.Sessions.By == SessionKind.Connection ? null : protocol.OpenReply(rules);

    /// <summary>Number of a new connection.</summary>
    public long NextConnection() => Interlocked.Increment(ref connections);

    /// <summary>The session of a request, and when the request is due.</summary>
    public (long Session, long Due) Find(long connection, ReadOnlySpan<byte> request, long arrival)
    {
        var names = protocol.SessionNamesIn(request, rules.Sessions);
        lock (gate)
        {
            var number = finder.Find(connection, names);
            if (!sessions.TryGetValue(number, out var session))
            {
                session = new Session(arrival, schedule.Begin(arrival));
                sessions[number] = session;
                byAge.Enqueue(number);
                if (sessions.Count > MostSessions)
                    sessions.Remove(byAge.Dequeue());
            }

            return (number, session.Begin + Math.Max(0, arrival - session.Arrival));
        }
    }

    /// <summary>A server gave out names in reply to a request of a session.</summary>
    public void Learn(long session, IReadOnlyList<IssuedName>? issued)
    {
        if (issued is null)
            return;
        lock (gate)
            finder.Learn(session, issued);
    }

    private readonly record struct Session(long Arrival, long Begin);
}
