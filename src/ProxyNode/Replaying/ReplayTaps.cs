using JustRunIt.ProxyNode.Protocols;
using JustRunIt.ProxyNode.Relaying;
using JustRunIt.ProxyNode.Replaying.Shadows;

namespace JustRunIt.ProxyNode.Replaying;

/// <summary>Taps of an in-proxy's connection: each request goes to the replay that is running when it arrives.</summary>
internal sealed class ReplayTaps(Func<Replay?> current) : IConnectionTaps
{
    private Replay? replay;
    private ShadowConnection? shadow;
    private bool isTold;

    /// <inheritdoc />
    public void Opened(Dialogue dialogue, long at)
    {
        if (current() is not { ConnectsAtOnce: true } running)
            return;
        (replay, shadow) = (running, running.Open(dialogue));
        shadow.ConnectAt(running.DueAt(at));
    }

    /// <inheritdoc />
    public ITap? Begin(Dialogue dialogue, in ClientStep step, long arrival)
    {
        var running = current();
        if (running is null || running != replay || shadow is null
            || (shadow is { IsUsable: false, MayBeginAnew: true } && running.Budget.HasRoom))
        {
            shadow?.Complete();
            (replay, shadow) = (running, null);
            if (running is null)
                return null;
            // Within a transaction the clone knows nothing of its beginning: the next one can be repeated.
            if (dialogue.Unrepeatable is { } why)
            {
                running.Refuse(step, arrival, isTold ? null : why);
                isTold = true;
                return null;
            }

            shadow = running.Open(dialogue);
        }

        return running.Begin(shadow, step, arrival);
    }

    /// <inheritdoc />
    public void Dispose() => shadow?.Complete();
}
