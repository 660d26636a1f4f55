namespace JustRunIt.ProxyNode.Replaying.GivingUp;

/// <summary>Why a duplicate was given up, or a whole session with what would still come of it.</summary>
internal enum GiveUpReason
{
    /// <summary>Memory was short (counted as shed).</summary>
    Memory,

    /// <summary>The descriptors that were left are for on-line connections.</summary>
    Descriptors,

    /// <summary>The clone could not be connected to.</summary>
    Unreachable,

    /// <summary>The clone refused the session's log-in.</summary>
    LogIn,

    /// <summary>The clone closed the connection before its reply ended.</summary>
    Closed,

    /// <summary>The clone said what its protocol does not allow.</summary>
    Protocol,

    /// <summary>The clone did not answer within the limit.</summary>
    Overdue,

    /// <summary>The clone's reply was of another form than the original's, so that what the client said next does not fit it.</summary>
    Diverged,

    /// <summary>The clone's connection was replaced, and the session's state there could not be made again.</summary>
    StateLost,

    /// <summary>A request after which the session at the clone would no longer be the original's, and that cannot be repeated.</summary>
    NotRepeatable,

    /// <summary>The connection became a stream, such as one of replication: relayed, never repeated.</summary>
    Stream,

    /// <summary>The experiment gave up what was due before it began.</summary>
    Dropped,

    /// <summary>The duplication ended.</summary>
    Stopped,
}
