using System.Net;
using System.Net.Sockets;
using JustRunIt.Hosting;
using JustRunIt.ProxyNode.Sockets;

namespace JustRunIt.ProxyNode.Relaying;

/// <summary>
/// The connections of one listener: decides who is let in, counts how each ends, and ends those that were waited for too long.
/// </summary>
internal sealed class ConnectionRoll : IDisposable
{
    /// <summary>Clients that are told why they are refused at a time; any more are not told.</summary>
    private const int MostRefusedAtOnce = 64;

    /// <summary>The part of all descriptors that connections may have whose clients have not logged in, each two.</summary>
    private const int PartBeforeLogIn = 8;

    private const int FewestBeforeLogIn = 16;

    private static readonly TimeSpan LongestPeriod = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan ShortestPeriod = TimeSpan.FromMilliseconds(20);

    private readonly Lock gate = new();
    private readonly HashSet<ServedConnection> open = [];
    private readonly List<ServedConnection> looking = [];
    private readonly Dictionary<IPAddress, int> bySource = [];
    private readonly long[] ended = new long[ConnectionFigures.Reasons.Count];
    private readonly ITimer timer;
    private long arrived;
    private long shortages;
    private int refusing;
    private int beforeLogIn;
    private ExchangeFigures endedExchanges = new(0, 0, 0, 0);

    /// <summary>Begins to look after connections.</summary>
    public ConnectionRoll(ConnectionLimits limits, TimeProvider clock)
    {
        (Limits, Clock) = (limits, clock);
        var shortest = new[] { limits.HeadTimeout, limits.IdleTimeout, limits.GoneTimeout }.Where(time => time > TimeSpan.Zero).Min() / 4;
        var period = shortest > LongestPeriod ? LongestPeriod : shortest < ShortestPeriod ? ShortestPeriod : shortest;
        timer = clock.CreateTimer(static roll => ((ConnectionRoll)roll!).CheckTimes(), this, period, period);
        IdleConnections.Add(this);
    }

    /// <summary>What was set.</summary>
    public ConnectionLimits Limits { get; }

    /// <summary>Time.</summary>
    public TimeProvider Clock { get; }

    /// <summary>Connections that are open.</summary>
    public int Open
    {
        get
        {
            lock (gate)
                return open.Count;
        }
    }

    /// <summary>Most connections that are served at once.</summary>
    private int Most => Limits.MaxConnections ?? Descriptors.Most;

    /// <summary>A client was accepted: whether it is served is decided, and another one may have to give way to it.</summary>
    public ServedConnection Enter(Socket client)
    {
        // A client that idles makes room, unless a limit was set: that is one.
        var hasRoom = Limits.MaxConnections is not null || Descriptors.HasRoom || IdleConnections.TryShed();
        var source = Limits.MaxConnectionsPerSource is null ? null : SourceOf(client);
        lock (gate)
        {
            arrived++;
            ConnectionEnd? refused = open.Count - refusing >= Limits.MaxConnections ? ConnectionEnd.RefusedByLimit
                : source is not null && bySource.GetValueOrDefault(source) >= Limits.MaxConnectionsPerSource ? ConnectionEnd.RefusedBySource
                : hasRoom ? null
                : ConnectionEnd.RefusedWithoutDescriptors;
            var served = new ServedConnection(this, client, refused is null ? source : null, refused);
            open.Add(served);
            if (refused is not null)
                refusing++;
            else if (source is not null)
                bySource[source] = bySource.GetValueOrDefault(source) + 1;
            return served;
        }
    }

    /// <summary>Whether a client that is refused is told why, which takes a while: not when there are many.</summary>
    public bool TellsReason()
    {
        lock (gate)
            return refusing <= MostRefusedAtOnce;
    }

    /// <summary>A connection has ended.</summary>
    public void Leave(ServedConnection served)
    {
        var exchanges = served.Relayed?.Exchanges;
        lock (gate)
        {
            if (!open.Remove(served))
                return;
            ended[(int)served.End]++;
            if (exchanges is not null)
                endedExchanges = endedExchanges.Plus(exchanges);
            if (served.Refused is not null)
                refusing--;
            if (served.IsBeforeLogIn)
                beforeLogIn--;
            if (served.Source is { } source && --bySource[source] == 0)
                bySource.Remove(source);
        }
    }

    /// <summary>
    /// A server that greets is about to be connected to for a client that has not logged in: only so many may be so far at a time, and the
    /// first of them that says nothing makes room for the next.
    /// </summary>
    /// <returns>False when nobody makes room.</returns>
    public bool TryBeginLogIn(ServedConnection served)
    {
        for (var isFirst = true; ; isFirst = false)
        {
            lock (gate)
            {
                if (beforeLogIn < Math.Max(FewestBeforeLogIn, Descriptors.Most / PartBeforeLogIn))
                {
                    beforeLogIn++;
                    served.IsBeforeLogIn = true;
                    return true;
                }
            }

            if (!isFirst || !TryShedBeforeLogIn())
                return false;
        }
    }

    /// <summary>Its client has logged in.</summary>
    public void LoggedIn(ServedConnection served)
    {
        lock (gate)
        {
            if (!served.IsBeforeLogIn)
                return;
            served.IsBeforeLogIn = false;
            beforeLogIn--;
        }
    }

    /// <summary>The system had no descriptor or no memory for a socket.</summary>
    public void CountShortage() => Interlocked.Increment(ref shortages);

    /// <summary>A client was told off before it could even be listed: no descriptor was left for that.</summary>
    public void CountTurnedAway()
    {
        lock (gate)
        {
            arrived++;
            ended[(int)ConnectionEnd.RefusedWithoutDescriptors]++;
        }
    }

    /// <summary>Those that are open.</summary>
    public ServedConnection[] Read()
    {
        lock (gate)
            return [.. open];
    }

    /// <summary>What was counted.</summary>
    public ConnectionFigures ReadFigures()
    {
        lock (gate)
        {
            var exchanges = endedExchanges;
            foreach (var served in open)
                exchanges = served.Relayed is { } relayed ? exchanges.Plus(relayed.Exchanges) : exchanges;
            return new ConnectionFigures(
                arrived,
                open.Count,
                Most,
                ConnectionFigures.Reasons.Select((reason, i) => (reason, ended[i])).ToDictionary(),
                Interlocked.Read(ref shortages),
                exchanges);
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        timer.Dispose();
        IdleConnections.Remove(this);
    }

    private static IPAddress? SourceOf(Socket client)
    {
        try
        {
            return (client.RemoteEndPoint as IPEndPoint)?.Address.Unmapped();
        }
        catch (SocketException)
        {
            // It has left already.
            return null;
        }
    }

    private bool TryShedBeforeLogIn()
    {
        var now = Clock.GetTimestamp();
        var oldest = Read()
            .Where(served => served.IsBeforeLogIn)
            .Select(served => (served.Relayed, served.Relayed?.Idles(now)?.Since))
            .Where(one => one.Since is not null)
            .OrderBy(one => one.Since);
        foreach (var (relayed, _) in oldest)
        {
            // Its place is free at once, its end comes later.
            if (relayed!.TryShed(ConnectionEnd.ShedBeforeLogIn))
                return true;
        }

        return false;
    }

    private void CheckTimes()
    {
        // One look at a time, in a list that is used again: there may be many.
        if (!Monitor.TryEnter(looking))
            return;
        try
        {
            lock (gate)
                looking.AddRange(open);
            var now = Clock.GetTimestamp();
            foreach (var served in looking)
                served.Relayed?.CheckTimes(now);
        }
        finally
        {
            looking.Clear();
            Monitor.Exit(looking);
        }
    }
}
