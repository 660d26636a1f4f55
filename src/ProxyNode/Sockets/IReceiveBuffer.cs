namespace JustRunIt.ProxyNode.Sockets;

/// <summary>What a socket receives into: it has memory only while there is something to receive, or something that was.</summary>
internal interface IReceiveBuffer
{
    /// <summary>Room for the next bytes, at least one. Called when there is something to receive.</summary>
    /// <exception cref="Protocols.ProtocolException">What came before is longer than anything that must be kept.</exception>
    Memory<byte> Room();

    /// <summary>Nothing is there to be received: whatever is not needed to keep what came before is given back.</summary>
    void Rest();
}
