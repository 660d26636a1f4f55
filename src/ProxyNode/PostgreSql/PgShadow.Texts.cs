using System.Text;
using System.Text.RegularExpressions;
using JustRunIt.ProxyNode.Replaying.Ordering;
using JustRunIt.ProxyNode.Sql;

namespace JustRunIt.ProxyNode.PostgreSql;

/// <content>What a request's statements say, also those that were prepared before it.</content>
internal sealed partial class PgShadow
{
    /// <summary>What the clone has prepared under a name, a byte a character; null where nothing.</summary>
    private string? PreparedAs(string name)
    {
        if (current is not null)
            return current.PreparedAs(name);
        var before = Array.Find(preparedBefore, statement => statement.Key == name);
        return factsBefore.Prepared.GetValueOrDefault(name) ?? (before.Value is null ? null : PgStatements.SqlOf(before.Value));
    }

    /// <summary>Whether what the clone has prepared under a name may name a process.</summary>
    private bool MayNameProcess(string name) => current is not null && current.Statements.TryGetValue(name, out var body)
        ? PgProcessNumbers.MayName(body)
        : PreparedAs(name) is { } sql && PgProcessNumbers.MayName(sql);

    /// <summary>Whether a request asks for the number that a sequence gave out last in its session.</summary>
    private bool AsksForSequence(ReadOnlySpan<byte> request) => SqlIn(request, PreparedAs).Exists(LastNumber().IsMatch);

    /// <summary>Whether a statement asks a server for what it counts itself: sessions, transactions, places in its log.</summary>
    public override bool MayDiffer(ReadOnlySpan<byte> request) =>
        SqlIn(request, PreparedAs).Exists(sql => OwnNumbers().IsMatch(sql) && !EndsNamed().IsMatch(sql));

    /// <inheritdoc />
    public override SqlOrder OrderOf(ReadOnlySpan<byte> request)
    {
        if (online.IsCancel)
            return SqlOrder.Any;
        for (var rest = request; rest.Length >= PgMessage.HeaderLength;)
        {
            if ((char)PgMessage.Next(ref rest)[0] is 'd' or 'c' or 'f' or 'F')
                return SqlOrder.Ordered;
        }

        var order = SqlOrder.Any;
        foreach (var sql in SqlIn(request, online.PreparedAs))
        {
            var next = OrderOf(sql);
            if (next == SqlOrder.Ordered)
                return next;
            order = next == SqlOrder.Any ? order : next;
        }

        return order;
    }

    /// <summary>The name of the statement that a Bind is of; null where it has none.</summary>
    private static string? PreparedIn(ReadOnlySpan<byte> body)
    {
        var at = body.IndexOf((byte)0) + 1;
        return at == 0 || body[at..].IndexOf((byte)0) < 0 ? null : PgMessage.ReadText(body, ref at);
    }

    /// <summary>The texts of a request's statements, a byte a character: also of those that were prepared before it.</summary>
    private static List<string> SqlIn(ReadOnlySpan<byte> request, Func<string, string?> preparedAs)
    {
        var (texts, parsed) = (new List<string>(1), (string?)null);
        while (request.Length >= PgMessage.HeaderLength && request[0] != 0)
        {
            var message = PgMessage.Next(ref request);
            var body = message[PgMessage.HeaderLength..];
            var at = 0;
            switch ((char)message[0])
            {
                case 'B':
                    var name = PreparedIn(body);
                    // What is prepared in the same request has been added. What is not known may do anything.
                    if (name is not null && name == parsed)
                        break;
                    name ??= "?";
                    if ((preparedAs(name) ?? name) is { Length: > 0 } known)
                        texts.Add(known);
                    break;
                case 'Q':
                    texts.Add(Encoding.Latin1.GetString(body.TrimEnd((byte)0)));
                    break;
                case 'P' when body.IndexOf((byte)0) >= 0:
                    parsed = PgMessage.ReadText(body, ref at);
                    texts.Add(PgStatements.SqlOf(body));
                    break;
            }
        }

        return texts;
    }

    /// <summary>The strictest of a text's statements.</summary>
    private static SqlOrder OrderOf(string text)
    {
        var order = SqlText.OrderOf(text);
        var written = text.AsSpan().TrimEnd(" \t\r\n;");
        if (order == SqlOrder.Ordered || (!written.Contains(';') && written.IndexOf("/*", StringComparison.Ordinal) < 0))
            return order;
        order = SqlOrder.Any;
        foreach (var statement in PgSql.Split(text))
        {
            // Without the comments before it, which may have others within.
            var next = SqlText.OrderOf(statement.Written);
            if (next == SqlOrder.Ordered)
                return next;
            order = next == SqlOrder.Any ? order : next;
        }

        return order;
    }

    [GeneratedRegex(
        @"\b(?:pg_backend_pid|pg_stat_\w+|pg_locks|txid_current\w*|pg_current_(?:xact_id|snapshot|wal)\w*|pg_postmaster_start_time"
        + @"|pg_conf_load_time|inet_server_(?:addr|port)|pg_my_temp_schema)\b",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex OwnNumbers();

    /// <summary>A session that is ended by its number is the same at both.</summary>
    [GeneratedRegex(
        @"\A\s*SELECT\s+(?:pg_catalog\.)?pg_(?:terminate|cancel)_backend\s*\(\s*(?:\w+\.)?pid\s*\)\s+FROM\s+(?:pg_catalog\.)?"
        + @"pg_stat_activity(?:\s+\w+)?\s+WHERE\s+(?:\w+\.)?pid\s*=\s*(?:\$[0-9]+|'?[0-9]+'?)(?:::\w+)?\s*;?\s*\z",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex EndsNamed();

    [GeneratedRegex(@"\b(?:currval|lastval)""?\s*\(", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex LastNumber();
}
