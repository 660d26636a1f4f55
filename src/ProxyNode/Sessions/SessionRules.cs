namespace JustRunIt.ProxyNode.Sessions;

/// <summary>What makes requests one session of a client (§2.3): those must keep their order and their gaps at any speed.</summary>
/// <param name="By">What it is told by.</param>
/// <param name="Cookies">Names of the cookies that name sessions; of <see cref="SessionKind.Cookie"/> only.</param>
internal sealed record SessionRules(SessionKind By, IReadOnlySet<string> Cookies)
{
    /// <summary>A connection is a session.</summary>
    public static SessionRules Connections { get; } = new(SessionKind.Connection, new HashSet<string>());
}

/// <summary>What a session is told by.</summary>
internal enum SessionKind
{
    /// <summary>Its connection.</summary>
    Connection,

    /// <summary>
    /// The value of one of the named cookies, or <c>;jsessionid=</c> in the path. A request without one begins a session.
    /// </summary>
    Cookie,

    /// <summary>The first value of any cookie, or of <c>;jsessionid=</c>. A request without one begins a session.</summary>
    Identity,
}
