using System.Text.RegularExpressions;
using JustRunIt.ProxyNode.Replaying.Comparing;

namespace JustRunIt.ProxyNode.Recording;

/// <summary>
/// The non-deterministic fields of a service's requests to its next tier (DESIGN §5): their values are taken as equal when a
/// clone's request is looked up in the record.
/// </summary>
internal sealed record WildcardRules
{
    /// <summary>Every field is deterministic.</summary>
    public static WildcardRules None { get; } = new();

    /// <summary>Names of headers, compared without case.</summary>
    public IReadOnlySet<string> Headers { get; init; } = new HashSet<string>();

    /// <summary>Names of cookies.</summary>
    public IReadOnlySet<string> Cookies { get; init; } = new HashSet<string>();

    /// <summary>Names of query parameters.</summary>
    public IReadOnlySet<string> QueryParameters { get; init; } = new HashSet<string>();

    /// <summary>Names of fields in <c>application/x-www-form-urlencoded</c> bodies.</summary>
    public IReadOnlySet<string> FormFields { get; init; } = new HashSet<string>();

    /// <summary>Names of fields in JSON bodies, at any depth.</summary>
    public IReadOnlySet<string> JsonFields { get; init; } = new HashSet<string>();

    /// <summary>Patterns of parts of the path.</summary>
    public IReadOnlyList<Regex> Paths { get; init; } = [];

    /// <summary>Patterns of parts of SQL texts and of parameters sent as text, such as the application's clock.</summary>
    public IReadOnlyList<Regex> Sql { get; init; } = [];

    /// <summary>
    /// Ranges of bytes of the request's content; of MySQL and PostgreSQL, of the message that brings the parameters of a statement, from
    /// behind the statement's number or name on.
    /// </summary>
    public IReadOnlyList<Range> ByteRanges { get; init; } = [];

    /// <summary>No field of HTTP is declared.</summary>
    public bool IsNoneOfHttp =>
        Headers.Count + Cookies.Count + QueryParameters.Count + FormFields.Count + JsonFields.Count + Paths.Count + ByteRanges.Count == 0;

    /// <summary>A pattern that matches in time linear in the text.</summary>
    /// <exception cref="ArgumentException">It is no regular expression.</exception>
    /// <exception cref="NotSupportedException">It has back references or look-around.</exception>
    public static Regex Pattern(string pattern) => new(pattern, RegexOptions.CultureInvariant | RegexOptions.NonBacktracking);

    /// <summary>Puts what the on-line server calls it in the place of every value that the patterns match.</summary>
    /// <param name="text">Of the on-line server, or of its clone.</param>
    /// <param name="patterns">What is non-deterministic.</param>
    /// <param name="names">The on-line server's names for the clone's values; null where there is no clone.</param>
    /// <param name="values">Takes the values as they are in the text; made when there is one.</param>
    public static string Translate(string text, IReadOnlyList<Regex> patterns, Identities? names, ref List<string>? values)
    {
        var found = values;
        foreach (var pattern in patterns)
        {
            text = pattern.Replace(text, match =>
            {
                (found ??= []).Add(match.Value);
                return names?.OfClone(match.Value) ?? match.Value;
            });
        }

        values = found;
        return text;
    }

    /// <summary>Replaces every match of the patterns.</summary>
    public static string Replace(string text, IReadOnlyList<Regex> patterns)
    {
        foreach (var pattern in patterns)
            text = pattern.Replace(text, "*");
        return text;
    }
}
