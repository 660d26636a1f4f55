using JustRunIt.ProxyNode.Http;
using JustRunIt.ProxyNode.Relaying;

namespace JustRunIt.ProxyNode.Replaying;

/// <summary>Taps of an in-proxy's connection: each request goes to the replay that is running when it arrives.</summary>
internal sealed class ReplayTaps(Func<Replay?> current) : IConnectionTaps
{
    private Replay? replay;
    private ShadowConnection? shadow;

    /// <inheritdoc />
    public ITap? Begin(in MessageHead head, long arrival)
    {
        var running = current();
        if (running != replay)
        {
            shadow?.Complete();
            (replay, shadow) = (running, running?.Open());
        }

        return running?.Begin(shadow!, head, arrival);
    }

    /// <inheritdoc />
    public void Dispose() => shadow?.Complete();
}
