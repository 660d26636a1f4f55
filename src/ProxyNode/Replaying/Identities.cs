using System.Collections.Concurrent;

namespace JustRunIt.ProxyNode.Replaying;

/// <summary>
/// What the original calls a session, a token or the like, and what its clone calls the same thing: learnt from the paired
/// replies to the same request (DESIGN §5). Bounded: a service that gives out names without end drops the oldest.
/// </summary>
internal sealed class Identities
{
    private const int Most = 100_000;

    private readonly ConcurrentDictionary<string, string> clones = new();
    private readonly ConcurrentQueue<string> byAge = new();

    /// <summary>Pairs known.</summary>
    public int Count => clones.Count;

    /// <summary>Learns from what both sides gave out in reply to the same request, if it is of the same kind.</summary>
    public void Pair(IReadOnlyList<string>? online, IReadOnlyList<string>? clone)
    {
        if (online is null || clone is null || online.Count != clone.Count)
            return;
        for (var i = 0; i < online.Count; i++)
        {
            if (online[i] == clone[i] || online[i].Length == 0)
                continue;
            if (clones.TryAdd(online[i], clone[i]))
                byAge.Enqueue(online[i]);
            else
                clones[online[i]] = clone[i];
        }

        while (clones.Count > Most && byAge.TryDequeue(out var oldest))
            clones.TryRemove(oldest, out _);
    }

    /// <summary>What the clone calls it; null when it calls it the same, or nothing is known.</summary>
    public string? OfClone(string online) => clones.GetValueOrDefault(online);

    /// <summary>Replaces every name in a text that the clone calls otherwise.</summary>
    public string Replace(string text)
    {
        foreach (var (online, clone) in clones)
            text = text.Replace(online, clone, StringComparison.Ordinal);
        return text;
    }
}
