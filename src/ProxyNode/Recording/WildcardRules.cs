using System.Text.RegularExpressions;
using JustRunIt.ProxyNode.Http;
using JustRunIt.ProxyNode.Replaying.Comparing;

namespace JustRunIt.ProxyNode.Recording;

/// <summary>
/// The non-deterministic fields of a service's requests to its next tier (DESIGN §5): their values are taken as equal when a
/// clone's request is looked up in the record. Whoever holds them sees those that have taken their place (<see cref="GiveWayTo"/>).
/// </summary>
internal sealed record WildcardRules
{
    private volatile WildcardRules? now;

    /// <summary>Every field is deterministic.</summary>
    public static WildcardRules None { get; } = new();

    /// <summary>Names of headers, compared without case.</summary>
    public IReadOnlySet<string> Headers { get => now is { } other ? other.Headers : field; init; } = new HashSet<string>();

    /// <summary>
    /// Names of headers that say nothing of what is asked for: requests that differ in them alone are the same, and not only alike.
    /// </summary>
    public HeaderNames IgnoredHeaders { get => now is { } other ? other.IgnoredHeaders : field; init; } = HeaderNames.Default;

    /// <summary>Names of cookies.</summary>
    public IReadOnlySet<string> Cookies { get => now is { } other ? other.Cookies : field; init; } = new HashSet<string>();

    /// <summary>Names of query parameters.</summary>
    public IReadOnlySet<string> QueryParameters { get => now is { } other ? other.QueryParameters : field; init; } = new HashSet<string>();

    /// <summary>Names of fields in <c>application/x-www-form-urlencoded</c> bodies.</summary>
    public IReadOnlySet<string> FormFields { get => now is { } other ? other.FormFields : field; init; } = new HashSet<string>();

    /// <summary>Names of fields in JSON bodies, at any depth.</summary>
    public IReadOnlySet<string> JsonFields { get => now is { } other ? other.JsonFields : field; init; } = new HashSet<string>();

    /// <summary>Patterns of parts of the path.</summary>
    public IReadOnlyList<Regex> Paths { get => now is { } other ? other.Paths : field; init; } = [];

    /// <summary>Patterns of parts of SQL texts and of parameters sent as text, such as the application's clock.</summary>
    public IReadOnlyList<Regex> Sql { get => now is { } other ? other.Sql : field; init; } = [];

    /// <summary>
    /// Ranges of bytes of the request's content; of MySQL and PostgreSQL, of the message that brings the parameters of a statement, from
    /// behind the statement's number or name on.
    /// </summary>
    public IReadOnlyList<Range> ByteRanges { get => now is { } other ? other.ByteRanges : field; init; } = [];

    /// <summary>Others take their place, for everybody who holds these.</summary>
    public void GiveWayTo(WildcardRules by) => now = by;

    /// <summary>No field of HTTP is declared.</summary>
    public bool IsNoneOfHttp =>
        Headers.Count + Cookies.Count + QueryParameters.Count + FormFields.Count + JsonFields.Count + Paths.Count + ByteRanges.Count == 0;

    /// <summary>A pattern that matches in time linear in the text.</summary>
    /// <exception cref="ArgumentException">It is no regular expression.</exception>
    /// <exception cref="NotSupportedException">It has back references or look-around.</exception>
    public static Regex Pattern(string pattern)
    {
        // Tells what is wrong with it, whichever engine it is for.
        var linear = new Regex(pattern, RegexOptions.CultureInvariant | RegexOptions.NonBacktracking);
        return BoundedPattern.Is(pattern) ? new Regex(pattern, RegexOptions.CultureInvariant | RegexOptions.Compiled) : linear;
    }

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

    /// <summary>
    /// Both forms of a text at once: most texts have nothing that a pattern matches, and each is looked at once for that.
    /// </summary>
    /// <param name="text">Of the on-line server, or of its clone.</param>
    /// <param name="patterns">What is non-deterministic.</param>
    /// <param name="names">The on-line server's names for the clone's values; null where there is no clone.</param>
    /// <param name="values">Takes the values as they are in the text; made when there is one.</param>
    /// <returns>As of <see cref="Translate"/>, and as of <see cref="Replace"/>.</returns>
    public static (string Translated, string Replaced) Forms(
        string text, IReadOnlyList<Regex> patterns, Identities? names, ref List<string>? values)
    {
        foreach (var pattern in patterns)
        {
            if (pattern.IsMatch(text))
                return (Translate(text, patterns, names, ref values), Replace(text, patterns));
        }

        return (text, text);
    }

    /// <summary>Replaces every match of the patterns.</summary>
    public static string Replace(string text, IReadOnlyList<Regex> patterns)
    {
        foreach (var pattern in patterns)
            text = pattern.Replace(text, "*");
        return text;
    }
}
