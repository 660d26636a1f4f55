using JustRunIt.ProxyNode.Protocols;
using JustRunIt.ProxyNode.Recording;
using JustRunIt.ProxyNode.Replaying;

namespace JustRunIt.ProxyNode.Tcp;

/// <summary>Any bytes over TCP: relayed, with nothing known of what they mean, so neither repeated nor recorded.</summary>
internal sealed class TcpProtocol : IProtocol
{
    /// <inheritdoc />
    public string Name => "tcp";

    /// <inheritdoc />
    public Dialogue? Open() => null;

    /// <inheritdoc />
    public Matcher OpenMatcher(ServiceRules rules) => throw RelayOnly();

    /// <inheritdoc />
    public ShadowSession OpenShadow(Dialogue online, ServiceRules rules, Identities identities) => throw RelayOnly();

    private static NotSupportedException RelayOnly() => new("Plain TCP is only relayed.");
}
