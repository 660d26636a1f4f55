namespace JustRunIt.ProxyNode.Protocols;

/// <summary>What a run of a server's bytes means.</summary>
internal struct ServerStep
{
    /// <summary>These bytes belong to the reply to the oldest unanswered request; not so greetings and interim replies.</summary>
    public bool IsReply;

    /// <summary>The reply ends with the last of these bytes.</summary>
    public bool Ends;

    /// <summary>The protocol's own code of the reply, where it ends: for HTTP and AJP13 the status code.</summary>
    public int Status;

    /// <summary>The reply that ends says that the server failed.</summary>
    public bool IsError;

    /// <summary>How many of these bytes, from the first, are the reply's head rather than its content.</summary>
    public int HeadLength;

    /// <summary>
    /// The reply that ends is also that of one-way requests after the one that it answers: a clone's may be parted otherwise.
    /// </summary>
    public bool IsJoint;

    /// <summary>The connection ends with this reply.</summary>
    public bool Closes;

    /// <summary>From here on the server sends without being asked, and without an end: no request has a reply any more.</summary>
    public bool BecomesStream;

    /// <summary>From here on the connection speaks a protocol that is only relayed.</summary>
    public bool Tunnels;
}
