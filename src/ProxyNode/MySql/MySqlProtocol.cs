using System.Text;
using JustRunIt.Hosting.Secrets;
using JustRunIt.ProxyNode.Http;
using JustRunIt.ProxyNode.Protocols;
using JustRunIt.ProxyNode.Recording;
using JustRunIt.ProxyNode.Replaying.Comparing;
using JustRunIt.ProxyNode.Replaying.Shadows;
using JustRunIt.ProxyNode.Sql;

namespace JustRunIt.ProxyNode.MySql;

/// <summary>MySQL and MariaDB, client/server protocol 10.</summary>
internal sealed class MySqlProtocol : IMessageProtocol
{
    /// <inheritdoc />
    public string Name => "mysql";

    /// <inheritdoc />
    public bool LogsIn => true;

    /// <summary>The command, and its statement without values.</summary>
    public string ExcerptOf(ReadOnlySpan<byte> request, Redaction redaction)
    {
        if (request.Length <= MySqlPacket.HeaderLength)
            return "";
        var command = (MySqlCommand)request[MySqlPacket.HeaderLength];
        var argument = request[(MySqlPacket.HeaderLength + 1)..Math.Min(request.Length, MySqlPacket.HeaderLength + HttpExcerpt.Looked)];
        return command is MySqlCommand.Query or MySqlCommand.StatementPrepare
            ? HttpExcerpt.Shown(redaction, SqlOutline.Of(Encoding.UTF8.GetString(argument)), isWhole: true)
            : command.ToString();
    }

    /// <inheritdoc />
    public Dialogue Open() => new MySqlDialogue();

    /// <inheritdoc />
    public Matcher OpenMatcher(ServiceRules rules) => new MySqlMatcher(rules.Wildcards);

    /// <inheritdoc />
    public ShadowSession OpenShadow(Dialogue online, ServiceRules rules, Identities identities) =>
        new MySqlShadow((MySqlDialogue)online, rules, identities);
}
