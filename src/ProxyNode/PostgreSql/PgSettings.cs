using System.Text;
using System.Text.RegularExpressions;

namespace JustRunIt.ProxyNode.PostgreSql;

/// <summary>
/// What a session has set (SET, RESET, set_config), as far as it has a say in what its statements mean: a schema to search first, a role,
/// a time zone. What is set within a transaction holds if that is committed (PostgreSQL manual, "SET").
/// </summary>
internal sealed partial class PgSettings
{
    private static readonly HashSet<string> Meaningless = new(StringComparer.OrdinalIgnoreCase)
    {
        "application_name", "statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout", "idle_session_timeout",
        "client_min_messages", "transaction", "constraints", "synchronous_commit", "tcp_keepalives_idle",
    };

    private readonly SortedDictionary<string, string> local = new(StringComparer.OrdinalIgnoreCase);
    private SortedDictionary<string, string> session = new(StringComparer.OrdinalIgnoreCase);
    private SortedDictionary<string, string>? ofTransaction;
    private string? context;

    /// <summary>Whether something was set in a transaction that is still open: then how that ends matters.</summary>
    public bool AwaitsEnd => ofTransaction is not null;

    /// <summary>All of it, the same for sessions with the same settings.</summary>
    public string Context => context ??= string.Join('\n', (ofTransaction ?? session)
        .Where(setting => !local.ContainsKey(setting.Key)).Concat(local).OrderBy(setting => setting.Key, StringComparer.OrdinalIgnoreCase)
        .Select(setting => $"{setting.Key}={setting.Value}"));

    /// <summary>Whether a text may set something; told from its bytes without an allocation.</summary>
    /// <param name="sql">The text; may be cut off.</param>
    public static bool MaySet(ReadOnlySpan<byte> sql)
    {
        var text = sql.TrimStart(" \t\r\n("u8);
        return BeginsWith(text, "SET "u8) || BeginsWith(text, "RESET "u8) || BeginsWith(text, "DISCARD "u8)
            || sql.IndexOf("set_config"u8) >= 0 || sql.IndexOf("SET_CONFIG"u8) >= 0
            || (text.TrimEnd(";\0 \n"u8).IndexOf((byte)';') >= 0 && Settings().IsMatch(Encoding.UTF8.GetString(sql)));
    }

    /// <summary>A text was executed.</summary>
    public void Execute(string sql)
    {
        foreach (Match found in Settings().Matches(sql))
        {
            ofTransaction ??= new(session, StringComparer.OrdinalIgnoreCase);
            if (found.Groups["all"].Success)
            {
                ofTransaction.Clear();
                local.Clear();
            }
            else if (found.Groups["reset"] is { Success: true } reset)
            {
                ofTransaction.Remove(NameOf(reset.Value));
                local.Remove(NameOf(reset.Value));
            }
            else if (NameOf(found.Groups["name"].Value) is var name && !Meaningless.Contains(name))
            {
                var value = found.Groups["value"].Value.Trim();
                if (found.Groups["local"].Success || found.Groups["isLocal"].Value.StartsWith('t'))
                {
                    local[name] = value;
                }
                else
                {
                    ofTransaction[name] = value;
                    local.Remove(name);
                }
            }
        }

        context = null;
    }

    /// <summary>The server is ready for the next request.</summary>
    /// <param name="inTransaction">Whether a transaction is open.</param>
    /// <param name="isUndone">Whether the last one was rolled back.</param>
    public void Ready(bool inTransaction, bool isUndone)
    {
        if (inTransaction || ofTransaction is null)
            return;
        if (!isUndone)
            session = ofTransaction;
        ofTransaction = null;
        local.Clear();
        context = null;
    }

    private static bool BeginsWith(ReadOnlySpan<byte> text, ReadOnlySpan<byte> word) =>
        text.Length >= word.Length && Ascii.EqualsIgnoreCase(text[..word.Length], word);

    /// <summary>Different words for the same.</summary>
    private static string NameOf(string written)
    {
        var name = string.Join(' ', written.Trim().Trim('"').Split(' ', StringSplitOptions.RemoveEmptyEntries)).ToLowerInvariant();
        return name switch
        {
            "time zone" => "timezone",
            "names" => "client_encoding",
            "schema" => "search_path",
            "session authorization" => "session_authorization",
            _ => name,
        };
    }

    [GeneratedRegex(
        @"(?:\A|;)[\s(]*SET\s+(?:SESSION\s+(?!AUTHORIZATION)|(?<local>LOCAL)\s+)?"
        + @"(?:(?<name>TIME\s+ZONE|ROLE|SESSION\s+AUTHORIZATION|NAMES|SCHEMA)\s+(?<value>[^;]+)"
        + @"|(?<name>CONSTRAINTS|TRANSACTION|CHARACTERISTICS)\b(?<value>[^;]*)|(?<name>[\w.""]+)\s*(?:=|\bTO\b)\s*(?<value>[^;]+))"
        + @"|(?:\A|;)\s*(?<all>RESET\s+ALL|DISCARD\s+ALL)|(?:\A|;)\s*RESET\s+(?<reset>SESSION\s+AUTHORIZATION|TIME\s+ZONE|[\w.""]+)"
        + @"|\bset_config\s*\(\s*'(?<name>[^']+)'\s*,\s*(?<value>'(?:[^']|'')*'|[^,]+)\s*,\s*(?<isLocal>\w+)",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Settings();
}
