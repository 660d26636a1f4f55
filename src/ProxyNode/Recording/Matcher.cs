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

    /// <summary>On-line: an exchange has ended. Returns the reply as it is to be kept.</summary>
    public virtual ReadOnlySpan<byte> Keep(ReadOnlySpan<byte> request, ReadOnlySpan<byte> reply) => reply;

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
    /// Clone: plays the server until requests can come, such as a greeting and a log-in that is always accepted.
    /// </summary>
    /// <param name="clone">The clone's connection.</param>
    /// <param name="dialogue">Of the connection; reads what is said.</param>
    /// <param name="record">What was learnt from on-line connections.</param>
    /// <returns>False when the connection was only for that, and is to be closed.</returns>
    public virtual Task<bool> GreetAsync(Sockets.LoopSocket clone, Protocols.Dialogue dialogue, Record record) =>
        Task.FromResult(true);
}
