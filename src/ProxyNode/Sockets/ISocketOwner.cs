namespace JustRunIt.ProxyNode.Sockets;

/// <summary>Whoever must know that a peer has left even while nothing is received from it.</summary>
internal interface ISocketOwner
{
    /// <summary>The peer says nothing more; on the loop's thread, perhaps more than once. Must be short.</summary>
    /// <param name="hasFailed">The connection is no more: it was reset, or the peer has not been heard of for too long.</param>
    void PeerEnded(bool hasFailed);
}
