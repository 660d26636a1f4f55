using System.Text.RegularExpressions;
using JustRunIt.Hosting.Secrets;
using JustRunIt.ProxyNode.Replaying.Comparing;
using JustRunIt.ProxyNode.Sessions;

namespace JustRunIt.ProxyNode.Recording;

/// <summary>
/// What the proxies must know of one service's messages: everything else is found out. Whoever holds them sees those that have taken
/// their place (<see cref="GiveWayTo"/>), connections that are open included.
/// </summary>
/// <param name="Wildcards">Non-deterministic fields in requests to next tiers.</param>
/// <param name="ReplyWildcards">Patterns of parts of replies that differ without meaning anything, such as the time a page took.</param>
/// <param name="Identities">
/// Patterns with one group: names that a server gives out in a header or page and a client sends back, such as tokens.
/// Cookies and <c>;jsessionid=</c> need none.
/// </param>
/// <param name="Credentials">Passwords by user: for a protocol whose clone must be logged in to.</param>
internal sealed record ServiceRules(
    WildcardRules Wildcards,
    IReadOnlyList<Regex> ReplyWildcards,
    IReadOnlyList<Regex> Identities,
    IReadOnlyDictionary<string, string> Credentials)
{
    /// <summary>How long a clone may take for one duplicate unless told otherwise.</summary>
    public static readonly TimeSpan DefaultAnswerLimit = TimeSpan.FromSeconds(30);

    private volatile ServiceRules? now;
    private int version;

    /// <summary>See the parameter of this name.</summary>
    public IReadOnlyList<Regex> ReplyWildcards { get => now is { } other ? other.ReplyWildcards : field; init; } = ReplyWildcards;

    /// <summary>See the parameter of this name.</summary>
    public IReadOnlyList<Regex> Identities { get => now is { } other ? other.Identities : field; init; } = Identities;

    /// <summary>See the parameter of this name.</summary>
    public IReadOnlyDictionary<string, string> Credentials { get => now is { } other ? other.Credentials : field; init; } = Credentials;

    /// <summary>Grows when others take their place: what was read with those of before is not compared with what is read now.</summary>
    public int Version => Volatile.Read(ref version);

    /// <summary>What makes requests one session; a connection unless told otherwise.</summary>
    public SessionRules Sessions { get; init; } = SessionRules.Connections;

    /// <summary>
    /// How long a clone may take for one duplicate, to connect and to log in included, or four times as long as the original took if that
    /// is more. What takes longer is given up.
    /// </summary>
    public TimeSpan AnswerLimit { get; init; } = DefaultAnswerLimit;

    /// <summary>What is taken out of samples of traffic before they are kept.</summary>
    public Redaction Redaction { get => now is { } other ? other.Redaction : field; init; } = Redaction.Default;

    /// <summary>The same rules, that others may take the place of without anybody else seeing it.</summary>
    public ServiceRules Own() => this with { Wildcards = Wildcards with { } };

    /// <summary>Others take their place, for everybody who holds these; what makes a session stays.</summary>
    /// <param name="by">The others.</param>
    public void GiveWayTo(ServiceRules by)
    {
        Wildcards.GiveWayTo(by.Wildcards);
        now = by;
        Interlocked.Increment(ref version);
    }

    /// <summary>Every field is deterministic, no password is known.</summary>
    public static ServiceRules None { get; } = new(WildcardRules.None, [], [], new Dictionary<string, string>());
}
