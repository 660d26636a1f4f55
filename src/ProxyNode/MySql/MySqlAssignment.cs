using System.Text;
using JustRunIt.ProxyNode.Recording;

namespace JustRunIt.ProxyNode.MySql;

/// <summary>
/// What a session has given to one variable, or to whatever else lasts: how it is made again, and what decides which value that is. It
/// keeps what it has read, also where that has another value by now.
/// </summary>
internal sealed class MySqlAssignment
{
    /// <summary>Most that are kept for one value; one that has read more cannot be made again.</summary>
    private const int Most = 500;

    /// <summary>Longest text that is kept of what decides a value; of more its hash.</summary>
    private const int LongestMeaning = 2048;

    /// <summary>An assignment.</summary>
    /// <param name="number">Later ones have higher ones.</param>
    /// <param name="sql">What makes it again; null where nothing does.</param>
    /// <param name="meaning">What was said.</param>
    /// <param name="reads">What had a say in it, as it was then.</param>
    /// <param name="database">The default database, if it had a say; else null.</param>
    public MySqlAssignment(long number, string? sql, string meaning, IReadOnlyList<MySqlAssignment> reads, string? database)
    {
        Number = number;
        Sql = AllOf(reads).Count < Most ? sql : null;
        Reads = Sql is null ? [] : reads;
        Database = database;
        Meaning = MeaningOf(meaning, reads, database);
    }

    /// <summary>Later ones have higher ones.</summary>
    public long Number { get; }

    /// <summary>The statement that makes it again, after those that it has read; null where nothing does.</summary>
    public string? Sql { get; }

    /// <summary>What it has read.</summary>
    public IReadOnlyList<MySqlAssignment> Reads { get; }

    /// <summary>The default database in which it was made, if that had a say in it; else null.</summary>
    public string? Database { get; }

    /// <summary>Equal for values that came about in the same way from the same.</summary>
    public string Meaning { get; }

    /// <summary>The string that it is, where it is written as one; else null.</summary>
    public string? Text { get; init; }

    /// <summary>Whether a routine has given it back (CALL).</summary>
    public bool IsOfRoutine { get; init; }

    /// <summary>What a mode would be that is set to it; null where that is not known.</summary>
    public MySqlDialect? Mode { get; init; }

    /// <summary>Characters that are kept for it, but for those of its meaning, which are few.</summary>
    public int Length => Sql?.Length ?? Text?.Length ?? 0;

    /// <summary>Assignments, and all that must be made before them.</summary>
    public static HashSet<MySqlAssignment> AllOf(IEnumerable<MySqlAssignment> some)
    {
        var all = new HashSet<MySqlAssignment>();
        foreach (var one in some)
            one.CollectInto(all);
        return all;
    }

    private void CollectInto(HashSet<MySqlAssignment> all)
    {
        if (!all.Add(this))
            return;
        foreach (var read in Reads)
            read.CollectInto(all);
    }

    private static string MeaningOf(string meaning, IReadOnlyList<MySqlAssignment> reads, string? database)
    {
        if (reads.Count == 0 && database is null && meaning.Length <= LongestMeaning)
            return meaning;
        var whole = new StringBuilder(meaning);
        if (database is not null)
            whole.Append(" in ").Append(database);
        foreach (var read in reads)
            whole.Append(MySqlText.Separator).Append(read.Meaning);
        if (reads.Count > 0)
            whole.Append(MySqlText.Separator);
        if (whole.Length <= LongestMeaning)
            return whole.ToString();
        return $"{meaning[..Math.Min(meaning.Length, LongestMeaning / 2)]}#{RequestKeys.Hash(whole.ToString()):x32}";
    }
}
