namespace JustRunIt.ProxyNode.Protocols;

/// <summary>What a run of a client's bytes means.</summary>
internal struct ClientStep
{
    /// <summary>A request begins with the first of these bytes.</summary>
    public bool Begins;

    /// <summary>The request ends with the last of these bytes.</summary>
    public bool Ends;

    /// <summary>The request that begins is one that the server does not answer.</summary>
    public bool IsOneWay;

    /// <summary>What kind of request begins, where the protocol's reply depends on it: for MySQL the command.</summary>
    public int Kind;

    /// <summary>The request that begins must not be repeated at a clone: after it the connection may speak another protocol.</summary>
    public bool IsPrivate;

    /// <summary>
    /// What begins is, or may become, a stream, such as one of replication: of no end of its own, or in another protocol.
    /// </summary>
    public bool IsStream;

    /// <summary>How many of these bytes, from the first, are not sent on.</summary>
    public int Skipped;

    /// <summary>Said to the client by the proxy itself, at once.</summary>
    public ReadOnlyMemory<byte> LocalReply;

    /// <summary>How the connection goes on.</summary>
    public AfterRequest After;
}

/// <summary>How a connection goes on after a request.</summary>
internal enum AfterRequest
{
    /// <summary>With whatever comes.</summary>
    GoOn,

    /// <summary>Nothing that follows may be read before every reply has come: one of them may change the protocol.</summary>
    AwaitReplies,

    /// <summary>It ends after the last reply.</summary>
    Last,
}
