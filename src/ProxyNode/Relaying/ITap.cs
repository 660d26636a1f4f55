using JustRunIt.ProxyNode.Http;

namespace JustRunIt.ProxyNode.Relaying;

/// <summary>
/// Sees one request and its reply pass, always after they were sent on: whatever a tap does, it delays nothing that was
/// forwarded. Times are timestamps of the proxy's clock.
/// </summary>
internal interface ITap
{
    /// <summary>The next bytes of the request, head included.</summary>
    void Request(ReadOnlySpan<byte> bytes);

    /// <summary>The request's last byte has passed. The reply may have ended before.</summary>
    void RequestEnded();

    /// <summary>The next bytes of the final reply, head included.</summary>
    void Reply(ReadOnlySpan<byte> bytes);

    /// <summary>The reply's last byte has been sent to the client.</summary>
    void ReplyEnded(in MessageHead head, long at);

    /// <summary>The connection ended before the reply did.</summary>
    void Aborted(long at);
}

/// <summary>The taps of one client connection.</summary>
internal interface IConnectionTaps : IDisposable
{
    /// <summary>A request begins; null when nobody wants to see it.</summary>
    /// <param name="head">Its head.</param>
    /// <param name="arrival">When its first byte was read.</param>
    ITap? Begin(in MessageHead head, long arrival);
}
