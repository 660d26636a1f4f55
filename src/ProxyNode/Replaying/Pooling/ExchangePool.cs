using System.Collections.Concurrent;
using JustRunIt.ProxyNode.Replaying.Exchanges;

namespace JustRunIt.ProxyNode.Replaying.Pooling;

/// <summary>Exchanges that are done with and wait for another request; bounded.</summary>
/// <param name="replay">Whose they are.</param>
internal sealed class ExchangePool(Replay replay)
{
    private const int MostSpare = 4096;

    private readonly ConcurrentQueue<Exchange> spare = new();
    private int count;

    /// <summary>One that nobody uses.</summary>
    public Exchange Take()
    {
        if (!spare.TryDequeue(out var exchange))
            return new Exchange(replay);
        Interlocked.Decrement(ref count);
        return exchange;
    }

    /// <summary>One may be used again.</summary>
    public void GiveBack(Exchange exchange)
    {
        if (Interlocked.Increment(ref count) <= MostSpare)
            spare.Enqueue(exchange);
        else
            Interlocked.Decrement(ref count);
    }
}
