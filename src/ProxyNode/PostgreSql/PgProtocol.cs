using System.Text;
using JustRunIt.Hosting.Secrets;
using JustRunIt.ProxyNode.Http;
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

    /// <summary>Its statements without values; of parameters and data nothing.</summary>
    public string ExcerptOf(ReadOnlySpan<byte> request, Redaction redaction)
    {
        var text = new StringBuilder();
        // A request to cancel has no type.
        while (request.Length >= PgMessage.HeaderLength && request[0] != 0 && text.Length < HttpExcerpt.Looked)
        {
            var message = PgMessage.Next(ref request);
            var at = 0;
            var body = message[PgMessage.HeaderLength..];
            if ((char)message[0] is 'Q' or 'P')
            {
                var first = PgMessage.ReadText(body, ref at);
                var sql = message[0] == 'Q' ? first : PgMessage.ReadText(body, ref at);
                text.Append(PgOutline.Of(sql)).Append("; ");
            }
            else if (text.Length == 0 && message[0] == 'B')
            {
                PgMessage.ReadText(body, ref at);
                text.Append("statement ").Append(PgMessage.ReadText(body, ref at)).Append("; ");
            }
        }

        return HttpExcerpt.Shown(redaction, text.ToString().TrimEnd(' ', ';'), isWhole: true);
    }

    /// <inheritdoc />
    public Dialogue Open() => new PgDialogue();

    /// <inheritdoc />
    public Matcher OpenMatcher(ServiceRules rules) => new PgMatcher(rules.Wildcards);

    /// <inheritdoc />
    public ShadowSession OpenShadow(Dialogue online, ServiceRules rules, Identities identities) =>
        new PgShadow((PgDialogue)online, rules, identities);
}
