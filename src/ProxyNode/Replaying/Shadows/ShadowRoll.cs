using System.Collections.Concurrent;

namespace JustRunIt.ProxyNode.Replaying.Shadows;

/// <summary>
/// The open connections to the clone, oldest first. On-line connections only ever add, without waiting for anybody who looks
/// through them.
/// </summary>
internal sealed class ShadowRoll
{
    private readonly ConcurrentQueue<ShadowConnection> added = new();
    private readonly Lock gate = new();
    private readonly LinkedList<ShadowConnection> open = new();
    private readonly Dictionary<ShadowConnection, LinkedListNode<ShadowConnection>> places = [];

    /// <summary>One more; never waits.</summary>
    public void Add(ShadowConnection shadow) => added.Enqueue(shadow);

    /// <summary>It has ended.</summary>
    public void Remove(ShadowConnection shadow)
    {
        lock (gate)
        {
            TakeIn();
            if (places.Remove(shadow, out var place))
                open.Remove(place);
        }
    }

    /// <summary>Those that are open now.</summary>
    public IReadOnlyList<ShadowConnection> Read()
    {
        lock (gate)
        {
            TakeIn();
            return [.. open];
        }
    }

    private void TakeIn()
    {
        while (added.TryDequeue(out var shadow))
            places[shadow] = open.AddLast(shadow);
    }
}
