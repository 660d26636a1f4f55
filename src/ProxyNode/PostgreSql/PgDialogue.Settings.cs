using System.Text;

namespace JustRunIt.ProxyNode.PostgreSql;

/// <content>What the session has set, which decides what its statements mean.</content>
internal sealed partial class PgDialogue
{
    /// <summary>A request that prepares a statement (<see cref="Protocols.ClientStep.Kind"/>).</summary>
    public const int Preparing = 'P';

    /// <summary>Longest simple query that is held until it is whole, in bytes; of a longer one as much is read.</summary>
    private const int LongestRead = PgEffects.LongestText;

    /// <summary>Most portals whose values are kept.</summary>
    private const int MostPortals = 64;

    /// <summary>Most EXECUTEs of one text that are read: each has a text of its own.</summary>
    private const int MostExecuted = 16;

    private readonly PgSession session;
    private readonly Dictionary<string, (PgMattering Statement, List<string?> Values)> portals = [];
    private PgFacts atBegin = PgFacts.None;
    private PgFacts? contextOf;
    private string context = "";
    private string? startupContext;
    private int executed;
    private bool isRolledBack;
    private bool escapes;

    /// <summary>
    /// Who asks in which database with which options, and what the session has set before the request that began last: what is not answered
    /// yet is taken to succeed.
    /// </summary>
    public override string Context
    {
        get
        {
            if (!ReferenceEquals(contextOf, atBegin))
            {
                startupContext ??= WithoutNames(PgMessage.ParametersOf(Startup));
                (context, contextOf) = (startupContext + atBegin.Context(), atBegin);
            }

            return context;
        }
    }

    /// <summary>What has no say in what a request means, such as the application's name.</summary>
    private static string WithoutNames(IEnumerable<(string Name, string Value)> parameters) => string.Concat(
        parameters.Where(parameter => parameter.Name != "application_name")
            .OrderBy(parameter => parameter.Name, StringComparer.Ordinal)
            .Select(parameter => $"{parameter.Name}={parameter.Value}\0"));

    /// <summary>The text of a simple query was asked for.</summary>
    /// <param name="body">Of the message, or its beginning.</param>
    /// <param name="isWhole">Whether it is all of it: of another the last statement is not known.</param>
    /// <param name="cycle">Where it belongs to.</param>
    private void Ask(ReadOnlySpan<byte> body, bool isWhole, long cycle)
    {
        var end = body.IndexOf((byte)0);
        var sql = end < 0 ? body : body[..end];
        if (!PgText.MayMatter(sql))
            return;
        var all = PgSql.Split(Encoding.Latin1.GetString(sql), escapes);
        var read = 0;
        for (var i = 0; i < all.Count && session.HasPlace(cycle); i++)
        {
            var command = all[i].Is(0, "execute") && MatteringAs(all[i].NameAt(1) ?? "") is not null && ++read > MostExecuted
                ? new PgCommand([PgEffects.Unread])
                : PgEffects.Of(all[i], [], MatteringAs);
            session.Ask(cycle, i, isWhole || i < all.Count - 1 ? command : command.CutOff());
        }
    }

    /// <summary>A portal is made of a statement that may change the session, or of another.</summary>
    private void Bind(ReadOnlySpan<byte> body)
    {
        var at = 0;
        var portal = PgMessage.ReadText(body, ref at);
        if (statements.Mattering(PgMessage.ReadText(body, ref at)) is { } statement)
        {
            // Values that are not read are not known.
            var isRead = statement.ReadsValues && body.Length <= LongestRead && portals.Count < MostPortals;
            portals[portal] = (statement, isRead ? PgBind.TextsOf(body, at) : []);
        }
        else
        {
            portals.Remove(portal);
        }
    }

    private void Execute(ReadOnlySpan<byte> body, long cycle)
    {
        var index = executed++;
        var at = 0;
        if (body.IsEmpty || !portals.TryGetValue(PgMessage.ReadText(body, ref at), out var portal)
            || !session.HasPlace(cycle))
            return;
        session.Ask(cycle, index, portal.Statement.Command(portal.Values, MatteringAs));
    }

    /// <summary>What was prepared under a name, if it may change the session.</summary>
    private string? MatteringAs(string name) => session.Facts.Prepared.TryGetValue(name, out var sql)
        ? PgText.MayMatterPrepared(sql) ? sql : null
        : statements.Mattering(name)?.Text;

    /// <summary>What was prepared under a name, in SQL or by the protocol, a byte a character.</summary>
    public string? PreparedAs(string name) => session.Facts.Prepared.GetValueOrDefault(name)
        ?? (statements.Prepared.TryGetValue(name, out var body) ? PgStatements.SqlOf(body) : null);

    /// <summary>The server has said something of how the session's statements went.</summary>
    private void HearSession(char type)
    {
        if (phase != Phase.Requests || !session.IsUnderWay)
            return;
        switch (type)
        {
            case 'C' or 'I' or 's':
                session.Completed(isRolledBack);
                isRolledBack = false;
                break;
            case 'E':
                session.Failed();
                break;
            case 'Z':
                session.Ready(transaction);
                if (transaction == 'I' && !session.IsUnderWay)
                    portals.Clear();
                break;
        }
    }

    /// <summary>A ParameterStatus: name and value.</summary>
    private void Report(ReadOnlySpan<byte> body, bool isLoggingIn)
    {
        var end = body.IndexOf((byte)0);
        if (end < 0)
            return;
        var (name, value) = (Encoding.Latin1.GetString(body[..end]), Encoding.Latin1.GetString(body[(end + 1)..].TrimEnd((byte)0)));
        if (name == "standard_conforming_strings")
            escapes = value == "off";
        session.Report(name, value, isLoggingIn);
    }
}
