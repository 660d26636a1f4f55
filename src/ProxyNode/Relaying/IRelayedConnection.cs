namespace JustRunIt.ProxyNode.Relaying;

/// <summary>A connection that is relayed, as those see it who look after all of them.</summary>
internal interface IRelayedConnection
{
    /// <summary>What was asked over it.</summary>
    ExchangeFigures Exchanges { get; }

    /// <summary>Whether a request is coming in of which not everything has come.</summary>
    bool IsWithinRequest { get; }

    /// <summary>Since when it idles, in the clock's ticks, and whether anything was ever asked over it; null: it does not.</summary>
    (bool HasAsked, long Since)? Idles(long now);

    /// <summary>Ends it if it idles.</summary>
    bool TryShed(ConnectionEnd why);

    /// <summary>
    /// The proxy is about to leave: ends it in the protocol's own words if nothing is under way, a transaction included.
    /// </summary>
    /// <returns>False where the protocol knows no transactions: it may end after the reply that it waits for.</returns>
    bool TryLeaveBetweenTransactions();

    /// <summary>Ends it if it has been waited for too long.</summary>
    void CheckTimes(long now);
}
