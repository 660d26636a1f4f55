using System.Text.RegularExpressions;

namespace JustRunIt.ProxyNode.Recording;

/// <summary>
/// The non-deterministic fields of a service's requests to its next tier (DESIGN §5): their values are taken as equal when a
/// clone's request is looked up in the record.
/// </summary>
/// <param name="Headers">Names of headers.</param>
/// <param name="QueryParameters">Names of query parameters.</param>
/// <param name="FormFields">Names of fields in <c>application/x-www-form-urlencoded</c> bodies.</param>
/// <param name="JsonFields">Names of fields in JSON bodies, at any depth.</param>
/// <param name="Paths">Patterns of parts of the path.</param>
internal sealed record WildcardRules(
    IReadOnlySet<string> Headers,
    IReadOnlySet<string> QueryParameters,
    IReadOnlySet<string> FormFields,
    IReadOnlySet<string> JsonFields,
    IReadOnlyList<Regex> Paths)
{
    /// <summary>Every field is deterministic.</summary>
    public static WildcardRules None { get; } = Create([], [], [], [], []);

    /// <summary>Rules from lists; header names are compared without case.</summary>
    public static WildcardRules Create(
        IEnumerable<string> headers,
        IEnumerable<string> queryParameters,
        IEnumerable<string> formFields,
        IEnumerable<string> jsonFields,
        IEnumerable<string> paths) => new(
        headers.ToHashSet(StringComparer.OrdinalIgnoreCase),
        queryParameters.ToHashSet(StringComparer.Ordinal),
        formFields.ToHashSet(StringComparer.Ordinal),
        jsonFields.ToHashSet(StringComparer.Ordinal),
        [.. paths.Select(pattern => new Regex(pattern, RegexOptions.CultureInvariant | RegexOptions.NonBacktracking))]);
}
