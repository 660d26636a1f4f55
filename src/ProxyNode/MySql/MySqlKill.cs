using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using JustRunIt.ProxyNode.Replaying.Comparing;

namespace JustRunIt.ProxyNode.MySql;

/// <summary>
/// Statements that end another session, or what it does, by the number that the server gave it: at a clone that is another number
/// (MariaDB and MySQL manuals, "KILL").
/// </summary>
internal static partial class MySqlKill
{
    /// <summary>Both sides' numbers of the same connection.</summary>
    public static void Pair(Identities identities, uint original, uint clone) => identities.Pair(NameOf(original), "clone's " + clone);

    /// <summary>Whether a command would hit a connection that is not the counterpart of the original's.</summary>
    /// <param name="command">Which.</param>
    /// <param name="sql">Its text.</param>
    /// <param name="identities">Both sides' names.</param>
    public static bool IsStrange(MySqlCommand command, string sql, Identities identities)
    {
        if (!sql.Contains("KILL", StringComparison.OrdinalIgnoreCase) || !Kills().IsMatch(sql))
            return false;
        // A number that the server finds itself is its own.
        if (Itself().IsMatch(sql))
            return false;
        return command == MySqlCommand.StatementExecute && sql.Contains('?', StringComparison.Ordinal)
            || Literal().Match(sql) is not { Success: true } literal || CloneOf(literal.Groups["number"].ValueSpan, identities) is null;
    }

    /// <summary>A command with the clone's number of the connection.</summary>
    public static ReadOnlyMemory<byte> Rewrite(ReadOnlyMemory<byte> request, Identities identities)
    {
        const int argumentAt = MySqlPacket.HeaderLength + 1;
        var argument = request.Span[argumentAt..];
        if ((MySqlCommand)request.Span[MySqlPacket.HeaderLength] == MySqlCommand.ProcessKill)
        {
            if (argument.Length < sizeof(uint) || CloneOf(BinaryPrimitives.ReadUInt32LittleEndian(argument), identities) is not { } of)
                return request;
            return MySqlPacket.Frame([(byte)MySqlCommand.ProcessKill, .. BitConverter.GetBytes(of)], 0);
        }

        if (!Ascii.EqualsIgnoreCase(MySqlWords.FirstWord(argument), "KILL"))
            return request;
        var sql = Encoding.UTF8.GetString(argument);
        if (Literal().Match(sql) is not { Success: true } literal
            || CloneOf(literal.Groups["number"].ValueSpan, identities) is not { } clone)
            return request;
        var number = literal.Groups["number"];
        var rewritten = string.Create(CultureInfo.InvariantCulture, $"{sql[..number.Index]}{clone}{sql[(number.Index + number.Length)..]}");
        return MySqlPacket.Frame([(byte)MySqlCommand.Query, .. Encoding.UTF8.GetBytes(rewritten)], 0);
    }

    private static string NameOf(uint original) => "the original's MySQL connection " + original.ToString(CultureInfo.InvariantCulture);

    private static uint? CloneOf(ReadOnlySpan<char> number, Identities identities) =>
        uint.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var original) ? CloneOf(original, identities) : null;

    private static uint? CloneOf(uint original, Identities identities) => identities.OfClone(NameOf(original)) is { } named
        ? uint.Parse(named.AsSpan("clone's ".Length), CultureInfo.InvariantCulture)
        : null;

    /// <summary>As any of several statements, or as the managed services' procedures.</summary>
    [GeneratedRegex(
        @"(?:\A|;|\*/|\d)\s*KILL\b(?!\s+(?:(?:HARD|SOFT)\s+)?(?:(?:CONNECTION|QUERY)\s+)?USER\b)|\brds_kill\w*\s*\(|\baz_kill\w*\s*\(",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Kills();

    [GeneratedRegex(@"\bKILL\b[^;]*\bCONNECTION_ID\s*\(\s*\)", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Itself();

    /// <summary>A single statement with a number that the client has written.</summary>
    [GeneratedRegex(
        @"\A(?:\s|/\*[^!].*?\*/|#[^\n]*\n|-- [^\n]*\n)*KILL\s+(?:(?:HARD|SOFT)\s+)?(?:CONNECTION\s+|QUERY\s+)?(?<number>[0-9]+)\s*;?\s*\z",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.Singleline)]
    private static partial Regex Literal();
}
