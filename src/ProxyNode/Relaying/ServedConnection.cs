using System.Net;
using System.Net.Sockets;

namespace JustRunIt.ProxyNode.Relaying;

/// <summary>A client's connection from its acceptance to its end.</summary>
/// <param name="roll">Where it is listed.</param>
/// <param name="socket">The client's.</param>
/// <param name="source">The client's address, where connections are counted by it.</param>
/// <param name="refused">Why it is not served; null: it is.</param>
internal sealed class ServedConnection(ConnectionRoll roll, Socket socket, IPAddress? source, ConnectionEnd? refused)
{
    private int end = -1;

    /// <summary>Where it is listed.</summary>
    public ConnectionRoll Roll => roll;

    /// <summary>The client's.</summary>
    public Socket Socket => socket;

    /// <summary>The client's address, where connections are counted by it.</summary>
    public IPAddress? Source => source;

    /// <summary>Why it is not served; null: it is.</summary>
    public ConnectionEnd? Refused => refused;

    /// <summary>What serves it; null before, and where it is not one that could give way.</summary>
    public IRelayedConnection? Relayed { get; set; }

    /// <summary>Whether it stands before a server that greets, and its client has not logged in yet.</summary>
    public bool IsBeforeLogIn { get; set; }

    /// <summary>Nothing more is read from the client, although it may have more to say: the proxy leaves the path.</summary>
    public bool IsLetGo { get; set; }

    /// <summary>Why it has ended.</summary>
    public ConnectionEnd End => refused ?? (end < 0 ? ConnectionEnd.Closed : (ConnectionEnd)end);

    /// <summary>It ends for a reason; the first is the one that counts.</summary>
    public void EndsBy(ConnectionEnd why) => Interlocked.CompareExchange(ref end, (int)why, -1);
}
