namespace JustRunIt.ProxyNode.Replaying.Accounting;

/// <summary>Why an on-line request has no duplicate, by design.</summary>
internal enum NotDuplicated
{
    /// <summary>
    /// It is between the client and this server alone, such as one after which the connection may speak another protocol.
    /// </summary>
    Private,

    /// <summary>The on-line connection ended within the request: there is nothing whole to repeat.</summary>
    Abandoned,
}
