using JustRunIt.ProxyNode.Protocols;

namespace JustRunIt.ProxyNode.Tcp;

/// <summary>Any bytes over TCP: relayed, with nothing known of what they mean.</summary>
internal sealed class TcpProtocol : IProtocol
{
    /// <inheritdoc />
    public string Name => "tcp";
}
