using JustRunIt.ProxyNode.Protocols;
using JustRunIt.ProxyNode.Recording;
using JustRunIt.ProxyNode.Replaying.Comparing;
using JustRunIt.ProxyNode.Replaying.Exchanges;
using JustRunIt.ProxyNode.Replaying.GivingUp;
using JustRunIt.ProxyNode.Replaying.Shadows;

namespace JustRunIt.ProxyNode.Http;

/// <summary>
/// Requests, of HTTP or AJP13, that name what a server has given out. One that cannot be put into the clone's names is not repeated,
/// alone: the others on its connection stand for themselves.
/// </summary>
internal abstract class NamingShadow(ServiceRules rules, Identities identities) : ShadowSession(rules)
{
    private readonly ServiceRules rules = rules;
    private ReadOnlyMemory<byte>? next;

    /// <summary>Whether there are rules that declare names.</summary>
    protected bool HasDeclared => rules.Identities.Count > 0;

    /// <inheritdoc />
    public override void Pair(Exchange exchange) => identities.Pair(exchange.OnlineReply?.Issued, exchange.SandboxReply?.Issued);

    /// <inheritdoc />
    public override Unrepeated? Refuse(Exchange exchange)
    {
        next = null;
        try
        {
            next = Rewrite(exchange.RequestBytes);
            return null;
        }
        catch (Exception e) when (e is ProtocolException or ArgumentException or FormatException or OverflowException)
        {
            return new Unrepeated(GiveUpReason.NotRepeatable, e.Message, EndsSession: false);
        }
    }

    /// <inheritdoc />
    public override ReadOnlyMemory<byte> Repeat(Exchange exchange, out int preceding)
    {
        preceding = 0;
        var bytes = next ?? Rewrite(exchange.RequestBytes);
        // Once: on another connection it is made anew.
        next = null;
        return bytes;
    }
}
