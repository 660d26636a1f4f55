using JustRunIt.ProxyNode.Replaying.Comparing;

namespace JustRunIt.ProxyNode.Recording;

/// <summary>
/// What one connection to a next tier must remember so that its requests can be recorded, or answered from the record: the
/// same class serves the on-line connection and the clone's. Requests and replies are whole, in order.
/// </summary>
internal abstract class Matcher
{
    /// <summary>
    /// Clone: what the on-line server calls the values that the clone has drawn or read from its clock itself, learnt where a
    /// request was found by its wildcards. What names such a value again is then found as exactly the same request.
    /// </summary>
    public Identities? Names { get; set; }

    /// <summary>
    /// What decides the meaning of the request whose keys are asked for next besides its own bytes
    /// (<see cref="Protocols.Dialogue.Context"/>, as it was when the request began).
    /// </summary>
    public string Context { get; set; } = "";

    /// <summary>On-line: the dialogue of the connection, which has seen all of it, also what came before anything was recorded.</summary>
    public virtual void Follow(Protocols.Dialogue dialogue)
    {
    }

    /// <summary>
    /// On-line: whether requests of a kind (<see cref="Protocols.ClientStep.Kind"/>) are recorded also while there is no clone,
    /// because one that comes later asks them anew; their keys are lasting.
    /// </summary>
    public virtual bool Lasts(int kind) => false;

    /// <summary>What a request is found by; null when it is neither recorded nor looked up.</summary>
    public abstract RequestKeys? KeysOf(ReadOnlySpan<byte> request);

    /// <summary>
    /// A request as a text that can be compared with another of its kind, for a sample: a statement with its values, the parameters of
    /// one that is prepared.
    /// </summary>
    /// <param name="request">The request, or its beginning.</param>
    public virtual RequestText TextOf(ReadOnlySpan<byte> request) => new(System.Text.Encoding.Latin1.GetString(request));

    /// <summary>The prepared statement that a request executes, without its values; empty where it executes none.</summary>
    public virtual string StatementOf(ReadOnlySpan<byte> request) => "";

    /// <summary>On-line: an exchange has ended. Returns the reply as it is to be kept.</summary>
    public virtual ReadOnlySpan<byte> Keep(ReadOnlySpan<byte> request, ReadOnlySpan<byte> reply) => reply;

    /// <summary>Whether exchanges may have parts.</summary>
    public virtual bool HasParts => false;

    /// <summary>
    /// On-line: the parts of an exchange that have replies of their own, and are kept each by itself; null where it is one.
    /// </summary>
    public virtual IReadOnlyList<RecordedPart>? PartsOf(ReadOnlySpan<byte> request, ReadOnlySpan<byte> reply) => null;

    /// <summary>Clone: whether what has come of a request so far is such a part, for whose reply the client may wait.</summary>
    public virtual bool EndsPart(Protocols.Dialogue dialogue) => false;

    /// <summary>Clone: whether a server may answer what has come of a request so far, and hear nothing more of it.</summary>
    public virtual bool MayBreakOff(Protocols.Dialogue dialogue) => false;

    /// <summary>
    /// Clone: what is said, perhaps nothing, to a request or a part that a server would drop because of what came before; null where it
    /// would not.
    /// </summary>
    public virtual ReadOnlyMemory<byte>? Dropped(ReadOnlySpan<byte> request) => null;

    /// <summary>Clone: the recorded reply as this connection must see it.</summary>
    public virtual ReadOnlyMemory<byte> Adapt(ReadOnlySpan<byte> request, byte[] reply) => reply;

    /// <summary>Clone: the reply to a request that has no keys; empty when it gets none.</summary>
    public virtual ReadOnlyMemory<byte> Local(ReadOnlySpan<byte> request) => default;

    /// <summary>Clone: the protocol's own error, for a request that was never recorded.</summary>
    public abstract ReadOnlyMemory<byte> Missing(ReadOnlySpan<byte> request);

    /// <summary>The connection's last exchange on record; clone: what answered it the last time. Null before the first.</summary>
    public RecordPlace? Last { get; set; }

    /// <summary>Clone: what must be said before the rest of a request comes; empty when nothing.</summary>
    public virtual ReadOnlyMemory<byte> Prompt(Protocols.Dialogue dialogue) => default;

    /// <summary>
    /// Clone: plays the server until requests can come, such as a greeting and a log-in.
    /// </summary>
    /// <param name="clone">The clone's connection.</param>
    /// <param name="dialogue">Of the connection; reads what is said.</param>
    /// <param name="record">What was learnt from on-line connections.</param>
    /// <returns>False when the connection was only for that, and is to be closed.</returns>
    public virtual Task<bool> GreetAsync(Sockets.LoopSocket clone, Protocols.Dialogue dialogue, Record record) =>
        Task.FromResult(true);
}
