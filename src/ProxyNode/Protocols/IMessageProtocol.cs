using JustRunIt.Hosting.Secrets;
using JustRunIt.ProxyNode.Recording;
using JustRunIt.ProxyNode.Replaying.Comparing;
using JustRunIt.ProxyNode.Replaying.Shadows;
using JustRunIt.ProxyNode.Sessions;

namespace JustRunIt.ProxyNode.Protocols;

/// <summary>
/// A protocol whose messages the proxies understand: its traffic is measured, duplicated to a clone, and recorded for one. A new
/// one is a folder with its dialogue, matcher and shadow session, and a line in <see cref="ProtocolRegistry"/>.
/// </summary>
internal interface IMessageProtocol : IProtocol
{
    /// <summary>Whether a connection to a clone can only be opened when it is known who logs in.</summary>
    bool LogsIn => false;

    /// <summary>The dialogue of a new connection.</summary>
    Dialogue Open();

    /// <summary>How requests on one connection to a next tier are recorded, found again and answered.</summary>
    Matcher OpenMatcher(ServiceRules rules);

    /// <summary>How one on-line connection is repeated at a clone.</summary>
    /// <param name="online">The on-line connection's dialogue; read only under the connection's lock.</param>
    /// <param name="rules">The service's rules.</param>
    /// <param name="identities">What each side calls the same thing, learnt so far.</param>
    ShadowSession OpenShadow(Dialogue online, ServiceRules rules, Identities identities);

    /// <summary>
    /// A reader of a server's reply that needs nothing besides; null where requests of different sessions depend on each other,
    /// as those of a database do: such traffic is repeated at its own speed only, and not from a trace.
    /// </summary>
    ReplyReader? OpenReply(ServiceRules rules) => null;

    /// <summary>What of a request people may read: without what lets somebody in, and short.</summary>
    /// <param name="request">The whole of it.</param>
    /// <param name="redaction">What is taken out.</param>
    string ExcerptOf(ReadOnlySpan<byte> request, Redaction redaction);

    /// <summary>The names of sessions that a request carries.</summary>
    /// <param name="request">Its first bytes, with the whole head.</param>
    /// <param name="rules">What makes a session.</param>
    IReadOnlyList<string> SessionNamesIn(ReadOnlySpan<byte> request, SessionRules rules) => [];
}
