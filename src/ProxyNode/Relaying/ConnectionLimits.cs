namespace JustRunIt.ProxyNode.Relaying;

/// <summary>How many connections a proxy takes, and how long it waits for those that say nothing.</summary>
internal sealed record ConnectionLimits
{
    /// <summary>Largest number that can be set.</summary>
    public const int MostAllowed = 10_000_000;

    /// <summary>Shortest <see cref="GoneTimeout"/> that can be set.</summary>
    public static readonly TimeSpan ShortestGone = TimeSpan.FromMilliseconds(100);

    /// <summary>Longest time that can be set.</summary>
    public static readonly TimeSpan LongestTime = TimeSpan.FromHours(24);

    /// <summary>
    /// Most connections; those beyond it are refused. Null: as many as there are descriptors for, where one that idles gives way to a new
    /// one.
    /// </summary>
    public int? MaxConnections { get; init; }

    /// <summary>Most connections from one source address; those beyond it are refused. Null: any number.</summary>
    public int? MaxConnectionsPerSource { get; init; }

    /// <summary>How long a client may take over the head of a request, or its log-in, from its first byte. Zero: any time.</summary>
    public TimeSpan HeadTimeout { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>
    /// How long a connection may idle. Zero, as long as it likes: a pool of database connections relies on that.
    /// </summary>
    public TimeSpan IdleTimeout { get; init; }

    /// <summary>How long a server may be silent, neither taking nor saying anything, to a client that has closed its side.</summary>
    public TimeSpan GoneTimeout { get; init; } = TimeSpan.FromMinutes(1);
}
