using System.Globalization;

namespace JustRunIt.ProxyNode.MySql;

/// <summary>How a server reads a statement's text (manuals, "Server SQL Modes" and "Comment Syntax").</summary>
/// <param name="QuotesNames">What is in double quotes is a name (ANSI_QUOTES).</param>
/// <param name="KeepsBackslashes">A backslash in a string is one (NO_BACKSLASH_ESCAPES).</param>
/// <param name="Version">As comments for some versions only name it, such as 80036 or 101106; 0 where it is not known.</param>
/// <param name="IsMariaDb">Whose version it is.</param>
internal readonly record struct MySqlDialect(bool QuotesNames, bool KeepsBackslashes, int Version, bool IsMariaDb)
{
    /// <summary>SERVER_STATUS_NO_BACKSLASH_ESCAPES.</summary>
    private const int KeepsBackslashesStatus = 0x200;

    /// <summary>SERVER_STATUS_ANSI_QUOTES, which only MariaDB tells.</summary>
    private const int QuotesNamesStatus = 0x8000;

    /// <summary>MODE_ANSI_QUOTES, where a mode is set as a number.</summary>
    private const ulong QuotesNamesMode = 0x4;

    /// <summary>MODE_NO_BACKSLASH_ESCAPES.</summary>
    private const ulong KeepsBackslashesMode = 0x100000;

    /// <summary>Modes that are of several, among them ANSI_QUOTES.</summary>
    private static readonly string[] QuotingNames = ["ANSI_QUOTES", "ANSI", "ORACLE", "DB2", "MAXDB", "MSSQL", "POSTGRESQL"];

    /// <summary>Of a session that has set nothing yet.</summary>
    public static MySqlDialect Of(MySqlGreeting greeting)
    {
        // MariaDB puts an old version before its own, for old replicas.
        var isMariaDb = greeting.Version.Contains("MariaDB", StringComparison.OrdinalIgnoreCase);
        var version = isMariaDb && greeting.Version.StartsWith("5.5.5-", StringComparison.Ordinal)
            ? greeting.Version["5.5.5-".Length..]
            : greeting.Version;
        var number = 0;
        var parts = version.Split('.', 3);
        for (var i = 0; i < 3; i++)
        {
            var digits = i < parts.Length ? parts[i].TakeWhile(char.IsAsciiDigit).Take(4).ToArray() : [];
            number = (number * 100) + (digits.Length == 0 ? 0 : int.Parse(digits, CultureInfo.InvariantCulture));
        }

        var isTold = isMariaDb && (greeting.Status & QuotesNamesStatus) != 0;
        return new MySqlDialect(isTold, (greeting.Status & KeepsBackslashesStatus) != 0, number, isMariaDb);
    }

    /// <summary>Whether what is in a comment that begins with an exclamation mark is executed.</summary>
    /// <param name="version">From which version on; 0 where it names none.</param>
    /// <param name="isOfMariaDb">The mark is behind an M.</param>
    public bool Executes(int version, bool isOfMariaDb)
    {
        if (Version == 0)
            return true;
        if (isOfMariaDb ? !IsMariaDb : IsMariaDb && version is >= 50700 and <= 99999)
            return false;
        return version <= Version;
    }

    /// <summary>The same with a mode that is set by its names, or its number.</summary>
    public MySqlDialect With(string mode)
    {
        if (ulong.TryParse(mode, NumberStyles.None, CultureInfo.InvariantCulture, out var bits))
            return this with { QuotesNames = (bits & QuotesNamesMode) != 0, KeepsBackslashes = (bits & KeepsBackslashesMode) != 0 };
        var names = mode.ToUpperInvariant().Split(',', StringSplitOptions.TrimEntries);
        return this with
        {
            QuotesNames = names.Any(name => QuotingNames.Contains(name)),
            KeepsBackslashes = names.Contains("NO_BACKSLASH_ESCAPES"),
        };
    }

    /// <summary>The same with what another has besides.</summary>
    public MySqlDialect And(in MySqlDialect other) => this with
    {
        QuotesNames = QuotesNames || other.QuotesNames,
        KeepsBackslashes = KeepsBackslashes || other.KeepsBackslashes,
    };

    /// <summary>The same without what another has.</summary>
    public MySqlDialect Without(in MySqlDialect other) => this with
    {
        QuotesNames = QuotesNames && !other.QuotesNames,
        KeepsBackslashes = KeepsBackslashes && !other.KeepsBackslashes,
    };
}
