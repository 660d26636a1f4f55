using System.Net;

namespace JustRunIt.ProxyNode.Relaying;

/// <summary>Where the server behind a proxy is: as configured, until the virtual machine that it runs in moves.</summary>
/// <param name="configured">As configured.</param>
/// <param name="vm">The virtual machine; null when it is in none that moves.</param>
/// <param name="past">Makes of an address one that the proxy connects to past its own redirection.</param>
internal sealed class Upstream(EndPoint configured, string? vm, Func<EndPoint, EndPoint> past)
{
    private readonly Lock gate = new();
    private volatile EndPoint current = past(configured);
    private int moves;

    /// <summary>Where new connections go.</summary>
    public EndPoint EndPoint => current;

    /// <summary>
    /// The virtual machine is somewhere. What is said with no higher number of moves than before is old, or said twice, unless it answers a
    /// newer order than all of that: then whoever has told too high a number does not keep it.
    /// </summary>
    /// <returns>Whether that is news.</returns>
    public bool TryFollow(string name, EndPoint to, int movesSoFar, bool isOrdered)
    {
        if (name != vm)
            return false;
        lock (gate)
        {
            if (!isOrdered && movesSoFar <= moves)
                return false;
            moves = movesSoFar;
            current = past(to);
            return true;
        }
    }
}
