using JustRunIt.ProxyNode.Protocols;
using JustRunIt.ProxyNode.Recording;
using JustRunIt.ProxyNode.Replaying.Comparing;
using JustRunIt.ProxyNode.Replaying.Shadows;

namespace JustRunIt.ProxyNode.MySql;

/// <summary>MySQL and MariaDB, client/server protocol 10.</summary>
internal sealed class MySqlProtocol : IMessageProtocol
{
    /// <inheritdoc />
    public string Name => "mysql";

    /// <inheritdoc />
    public bool LogsIn => true;

    /// <inheritdoc />
    public Dialogue Open() => new MySqlDialogue();

    /// <inheritdoc />
    public Matcher OpenMatcher(ServiceRules rules) => new MySqlMatcher(rules.Wildcards);

    /// <inheritdoc />
    public ShadowSession OpenShadow(Dialogue online, ServiceRules rules, Identities identities) =>
        new MySqlShadow((MySqlDialogue)online, rules);
}
