using JustRunIt.ProxyNode.Protocols;

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

    /// <summary>The connection ended before the request's last byte came; nothing more of it will.</summary>
    void RequestBroken();

    /// <summary>The next bytes of the final reply, of which the first <paramref name="headLength"/> are its head.</summary>
    void Reply(ReadOnlySpan<byte> bytes, int headLength);

    /// <summary>The reply's last byte has been sent to the client.</summary>
    /// <param name="step">How it ended.</param>
    /// <param name="received">
    /// When its last bytes were received, before the client could know of them. When they had been sent says less of the server: the client
    /// that is woken by them may have the processor before the proxy can tell the time.
    /// </param>
    void ReplyEnded(in ServerStep step, long received);

    /// <summary>The connection ended before the reply did.</summary>
    void Aborted(long at);
}

/// <summary>The taps of one client connection.</summary>
internal interface IConnectionTaps : IDisposable
{
    /// <summary>The connection was opened, and the one to the server too.</summary>
    /// <param name="dialogue">Of the connection.</param>
    /// <param name="at">When.</param>
    void Opened(Dialogue dialogue, long at)
    {
    }

    /// <summary>A request begins; null when nobody wants to see it.</summary>
    /// <param name="dialogue">Of the connection.</param>
    /// <param name="step">How it begins.</param>
    /// <param name="arrival">When its first byte was read.</param>
    ITap? Begin(Dialogue dialogue, in ClientStep step, long arrival);
}

/// <summary>Nobody watches.</summary>
internal sealed class NoTaps : IConnectionTaps
{
    /// <summary>The only one.</summary>
    public static NoTaps Instance { get; } = new();

    /// <inheritdoc />
    public ITap? Begin(Dialogue dialogue, in ClientStep step, long arrival) => null;

    /// <inheritdoc />
    public void Dispose()
    {
    }
}
