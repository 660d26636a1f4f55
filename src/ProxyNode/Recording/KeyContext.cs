using System.Text.RegularExpressions;
using JustRunIt.ProxyNode.Replaying.Comparing;
using JustRunIt.ProxyNode.Sql;

namespace JustRunIt.ProxyNode.Recording;

/// <summary>
/// What a connection's context (<see cref="Protocols.Dialogue.Context"/>) is in each of a request's three keys. It is the same for many
/// requests, so what takes a pattern is done once for all of them.
/// </summary>
/// <param name="patterns">What is non-deterministic.</param>
internal sealed class KeyContext(IReadOnlyList<Regex> patterns)
{
    private string context = "";
    private string wildcard = "";
    private string equivalent = "";

    /// <summary>The forms of a context, from strict to lax.</summary>
    /// <param name="next">The context.</param>
    /// <param name="names">What the on-line server calls a clone's values; null where there is no clone.</param>
    public (string Exact, string Wildcard, string Equivalent) Of(string next, Identities? names)
    {
        if (!ReferenceEquals(context, next) && context != next)
            (wildcard, equivalent) = (WildcardRules.Replace(next, patterns), SqlText.WithoutLiterals(next, quotesValues: true));
        context = next;
        List<string>? values = null;
        // With nothing that a pattern matches, whatever names are known.
        return (wildcard == next ? next : WildcardRules.Translate(next, patterns, names, ref values), wildcard, equivalent);
    }
}
