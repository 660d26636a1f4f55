using JustRunIt.ProxyNode.Protocols;
using JustRunIt.ProxyNode.Relaying;

namespace JustRunIt.ProxyNode.Replaying;

/// <summary>Taps of an in-proxy's connection: each request goes to the replay that is running when it arrives.</summary>
internal sealed class ReplayTaps(Func<Replay?> current) : IConnectionTaps
{
    private Replay? replay;
    private ShadowConnection? shadow;

    /// <inheritdoc />
    public ITap? Begin(Dialogue dialogue, in ClientStep step, long arrival)
    {
        var running = current();
        if (running != replay)
        {
            shadow?.Complete();
            (replay, shadow) = (running, running?.Open(dialogue));
        }

        return running?.Begin(shadow!, step, arrival);
    }

    /// <inheritdoc />
    public void Dispose() => shadow?.Complete();
}
