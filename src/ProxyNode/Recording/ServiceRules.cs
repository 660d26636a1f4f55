using System.Text.RegularExpressions;
using JustRunIt.ProxyNode.Replaying.Comparing;
using JustRunIt.ProxyNode.Sessions;

namespace JustRunIt.ProxyNode.Recording;

/// <summary>What the proxies must know of one service's messages: everything else is found out.</summary>
/// <param name="Wildcards">Non-deterministic fields in requests to next tiers.</param>
/// <param name="ReplyWildcards">Patterns of parts of replies that differ without meaning anything, such as the time a page took.</param>
/// <param name="Identities">
/// Patterns with one group: names that a server gives out in a reply and a client sends back, such as tokens in forms.
/// Cookies and <c>;jsessionid=</c> need none.
/// </param>
/// <param name="Credentials">Passwords by user: for a protocol whose clone must be logged in to.</param>
internal sealed record ServiceRules(
    WildcardRules Wildcards,
    IReadOnlyList<Regex> ReplyWildcards,
    IReadOnlyList<Regex> Identities,
    IReadOnlyDictionary<string, string> Credentials)
{
    /// <summary>What makes requests one session; a connection unless told otherwise.</summary>
    public SessionRules Sessions { get; init; } = SessionRules.Connections;

    /// <summary>Every field is deterministic, no password is known.</summary>
    public static ServiceRules None { get; } = new(WildcardRules.None, [], [], new Dictionary<string, string>());
}
