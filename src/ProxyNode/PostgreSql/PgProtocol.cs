using JustRunIt.ProxyNode.Protocols;
using JustRunIt.ProxyNode.Recording;
using JustRunIt.ProxyNode.Replaying.Comparing;
using JustRunIt.ProxyNode.Replaying.Shadows;

namespace JustRunIt.ProxyNode.PostgreSql;

/// <summary>PostgreSQL, frontend/backend protocol 3.</summary>
internal sealed class PgProtocol : IMessageProtocol
{
    /// <inheritdoc />
    public string Name => "postgresql";

    /// <inheritdoc />
    public bool LogsIn => true;

    /// <inheritdoc />
    public Dialogue Open() => new PgDialogue();

    /// <inheritdoc />
    public Matcher OpenMatcher(ServiceRules rules) => new PgMatcher(rules.Wildcards);

    /// <inheritdoc />
    public ShadowSession OpenShadow(Dialogue online, ServiceRules rules, Identities identities) =>
        new PgShadow((PgDialogue)online, rules, identities);
}
