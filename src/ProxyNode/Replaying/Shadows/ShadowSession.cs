using JustRunIt.ProxyNode.Protocols;
using JustRunIt.ProxyNode.Recording;
using JustRunIt.ProxyNode.Replaying.Comparing;
using JustRunIt.ProxyNode.Replaying.Exchanges;
using JustRunIt.ProxyNode.Replaying.Ordering;
using JustRunIt.ProxyNode.Sockets;

namespace JustRunIt.ProxyNode.Replaying.Shadows;

/// <summary>What a protocol must know of one on-line connection so that a clone understands its duplicates.</summary>
internal abstract class ShadowSession(ServiceRules rules)
{
    /// <summary>The dialogue of a new connection to the clone.</summary>
    public abstract Dialogue Open();

    /// <summary>Makes a new connection to the clone ready for requests, such as logging in.</summary>
    /// <exception cref="ProtocolException">The clone refuses.</exception>
    public virtual Task LogInAsync(LoopSocket clone, Dialogue dialogue) => Task.CompletedTask;

    /// <summary>
    /// Whether requests mean what they mean because of those before on their connection, as those of a database do: when one of them is
    /// given up, so is the rest.
    /// </summary>
    public virtual bool KeepsState => false;

    /// <summary>Why a duplicate is not sent; null where it is.</summary>
    public virtual Unrepeated? Refuse(Exchange exchange) => null;

    /// <summary>
    /// What is lost of the session where the clone's connection is a new one, so that the duplicates that follow would mean something
    /// else; null where <see cref="LogInAsync"/> makes it again.
    /// </summary>
    /// <param name="next">What is to be sent first.</param>
    public virtual string? Lost(Exchange next) => null;

    /// <summary>Whether a duplicate logs in anew on the same connection; then it is <see cref="LogInAnewAsync"/> that repeats it.</summary>
    public virtual bool LogsInAnew(Exchange exchange) => false;

    /// <summary>Logs in anew, as somebody else or elsewhere.</summary>
    /// <exception cref="ProtocolException">The clone refuses.</exception>
    public virtual Task LogInAnewAsync(LoopSocket clone, Exchange exchange) => Task.CompletedTask;

    /// <summary>Whether a status says that the server has ended the connection, not what the request has come to.</summary>
    public virtual bool IsEnd(int status) => false;

    /// <summary>A duplicate was given up alone: the session goes on as if it had been repeated.</summary>
    public virtual void Missed(Exchange exchange)
    {
    }

    /// <summary>A reader of one side's reply.</summary>
    public virtual ReplyReader OpenReply(Exchange exchange) => new(rules);

    /// <summary>The duplicate, in the clone's names.</summary>
    public virtual ReadOnlyMemory<byte> Rewrite(ReadOnlyMemory<byte> request) => request;

    /// <summary>
    /// What a new connection says to end what the clone works on for this one, which nobody waits for any more; empty where the protocol
    /// knows nothing such.
    /// </summary>
    public virtual ReadOnlyMemory<byte> CancelRequest => default;

    /// <summary>
    /// The duplicate as it is sent: in the clone's names, and so that its effect is the one that the original's had.
    /// </summary>
    /// <param name="exchange">Answered on-line already, if its order matters.</param>
    /// <param name="preceding">How many replies come before the duplicate's own.</param>
    /// <returns>
    /// Empty where nothing is sent: because the clone has answered before in another way than the original, and knows nothing of what it
    /// names, which <see cref="Exchange.NotSent"/> says then; else because the clone has nothing of what it would be told to forget.
    /// </returns>
    public virtual ReadOnlyMemory<byte> Repeat(Exchange exchange, out int preceding)
    {
        preceding = 0;
        return Rewrite(exchange.RequestBytes);
    }

    /// <summary>What must be said to the clone because of what it said within its reply; empty when nothing.</summary>
    /// <param name="said">What the dialogue took last.</param>
    public virtual ReadOnlyMemory<byte> Answer(ReadOnlySpan<byte> said) => default;

    /// <summary>Whether the order of this request among those of other connections matters; see <see cref="WriteOrder"/>.</summary>
    public virtual SqlOrder OrderOf(ReadOnlySpan<byte> request) => SqlOrder.Any;

    /// <summary>Whether the original gave a statement up in a way that depends on others or on time, such as a deadlock.</summary>
    /// <param name="status">Of its reply.</param>
    public virtual bool IsGivenUp(int status) => false;

    /// <summary>Whether both sides' replies to a request may differ by design, such as in the number of the connection.</summary>
    public virtual bool MayDiffer(ReadOnlySpan<byte> request) => false;

    /// <summary>Both sides have answered.</summary>
    public virtual void Pair(Exchange exchange)
    {
    }
}
