namespace JustRunIt.ProxyNode.Protocols;

/// <summary>
/// What one connection says in both directions, cut into exchanges: a request and its reply. The bytes themselves are relayed
/// as they came. Not safe for concurrent calls; whoever relays holds a lock while a method runs.
/// </summary>
internal abstract class Dialogue
{
    /// <summary>Longest unit in bytes that must be whole before any of it is read, such as a message head.</summary>
    public abstract int LongestUnit { get; }

    /// <summary>Said to a client whose server does not listen; empty where the protocol knows nothing to say.</summary>
    public virtual ReadOnlyMemory<byte> Unreachable => default;

    /// <summary>Whether <see cref="Unreachable"/> is said at once, or only after the client's first bytes.</summary>
    public virtual bool ServerSpeaksFirst => false;

    /// <summary>Reads the client's next bytes.</summary>
    /// <param name="bytes">What is there; may be changed in place.</param>
    /// <param name="step">What the bytes that were read mean.</param>
    /// <returns>How many were read, from the first; 0 when more are needed.</returns>
    /// <exception cref="ProtocolException">The client breaks the protocol; none of these bytes may be sent on.</exception>
    public abstract int FromClient(Span<byte> bytes, out ClientStep step);

    /// <summary>Reads the server's next bytes.</summary>
    /// <param name="bytes">What is there; may be changed in place.</param>
    /// <param name="step">What the bytes that were read mean.</param>
    /// <returns>How many were read, from the first; 0 when more are needed.</returns>
    /// <exception cref="ProtocolException">The server breaks the protocol.</exception>
    public abstract int FromServer(Span<byte> bytes, out ServerStep step);

    /// <summary>The server has closed its side.</summary>
    /// <returns>Whether that is the end of a reply, which <paramref name="step"/> then describes.</returns>
    public virtual bool ServerEnded(out ServerStep step)
    {
        step = default;
        return false;
    }

    /// <summary>What the protocol says to a client that breaks it, before the connection ends.</summary>
    public virtual ReadOnlyMemory<byte> Refusal(string reason) => default;
}
