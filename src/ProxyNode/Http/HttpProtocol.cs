using JustRunIt.ProxyNode.Protocols;
using JustRunIt.ProxyNode.Recording;
using JustRunIt.ProxyNode.Replaying;

namespace JustRunIt.ProxyNode.Http;

/// <summary>HTTP/1.1 (RFC 9110, RFC 9112), and HTTP/1.0 as far as it is a part of it.</summary>
internal sealed class HttpProtocol : IProtocol
{
    /// <inheritdoc />
    public string Name => "http";

    /// <inheritdoc />
    public Dialogue Open() => new HttpDialogue();

    /// <inheritdoc />
    public Matcher OpenMatcher(ServiceRules rules) => new HttpMatcher(rules.Wildcards);

    /// <inheritdoc />
    public ShadowSession OpenShadow(Dialogue online, ServiceRules rules, Identities identities) => new HttpShadow(rules, identities);
}
