namespace JustRunIt.ProxyNode.Relaying;

/// <content>How it ends when the proxy is taken from the path.</content>
internal sealed partial class RelayConnection
{
    /// <inheritdoc />
    public bool IsWithinRequest
    {
        get
        {
            lock (gate)
                return midRequest;
        }
    }

    /// <inheritdoc />
    public bool TryLeaveBetweenTransactions()
    {
        lock (gate)
        {
            if (closed || tunnel || !dialogue.HasTransactions)
                return false;
        }

        TryShed(ConnectionEnd.Drained);
        return true;
    }
}
