using JustRunIt.ProxyNode.Recording;

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

    /// <summary>
    /// Whether the server greets its clients: then the connection to it is opened at once, and with the client's first message
    /// otherwise.
    /// </summary>
    public virtual bool ServerSpeaksFirst => false;

    /// <summary>Whether a client that has closed its side may still want what it asked for (RFC 9112 §9.6).</summary>
    public virtual bool MayHalfClose => false;

    /// <summary>Whether the client's next bytes are the head of a request, or a part of its log-in: what must come within a time.</summary>
    public virtual bool AwaitsHead => false;

    /// <summary>Whether the client has said who it is, where the protocol has it do so.</summary>
    public virtual bool HasLoggedIn => true;

    /// <summary>Whether nothing is under way between the requests either, such as a transaction or a log-in.</summary>
    public virtual bool IsAtRest => true;

    /// <summary>
    /// Whether what is asked may be a part of a transaction, of which <see cref="IsAtRest"/> knows: a connection is then not ended but
    /// between two.
    /// </summary>
    public virtual bool HasTransactions => false;

    /// <summary>Said to a client for which there is no place; empty where the protocol knows nothing to say.</summary>
    public virtual ReadOnlyMemory<byte> Busy(string reason) => default;

    /// <summary>Said to a client that idles when its connection is closed; empty where nothing can be said without being asked.</summary>
    public virtual ReadOnlyMemory<byte> Farewell(string reason) => default;
    /// <summary>How the client logged in, once the server has let it in; null before, and where the protocol knows none.</summary>
    public virtual LogIn? LogIn => null;

    /// <summary>
    /// Why a session at a clone could not be brought to where this one is between its requests, such as an open transaction; null where
    /// it can be.
    /// </summary>
    public virtual string? Unrepeatable => null;

    /// <summary>
    /// Whatever decides what a request means besides its own bytes, such as the user and what the session has set; equal for connections
    /// on which it means the same, and empty where nothing does.
    /// </summary>
    public virtual string Context => "";

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

    /// <summary>
    /// Whether the request whose reply has ended is over with that, although not all of it has come: the server takes nothing more of it,
    /// and the client knows. True once for a request.
    /// </summary>
    public virtual bool TryEndRequest() => false;

    /// <summary>What the protocol says to a client that breaks it, before the connection ends.</summary>
    public virtual ReadOnlyMemory<byte> Refusal(string reason) => default;

    /// <summary>
    /// What the protocol says to a client whose server has broken it, before the connection ends; empty where nothing can be said that
    /// is not taken for a part of the reply, or nobody waits for one.
    /// </summary>
    /// <param name="reason">Why the reply is refused.</param>
    /// <param name="hasBegun">A part of the reply was sent on.</param>
    public virtual ReadOnlyMemory<byte> ReplyRefusal(string reason, bool hasBegun) => default;
}
