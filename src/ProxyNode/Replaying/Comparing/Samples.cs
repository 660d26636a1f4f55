namespace JustRunIt.ProxyNode.Replaying.Comparing;

/// <summary>
/// A few samples of something that may come without end: one of each kind, the latest, with how many there were of it. When there are
/// more kinds than places, the one that was not seen for the longest time gives way, so that what is new is always among them. Samples
/// are taken only so often: who counts must do so apart.
/// </summary>
/// <typeparam name="T">A sample.</typeparam>
/// <param name="most">Most kinds.</param>
internal sealed class Samples<T>(int most)
{
    private const int MostASecond = 50;

    private readonly Lock gate = new();
    private readonly Dictionary<string, (T Sample, bool IsPoorer, long Count, long Seen)> kinds = new(StringComparer.Ordinal);
    private long second;
    private int taken;
    private long seen;

    /// <summary>Whether a sample may be taken now: it costs time.</summary>
    public bool TryBegin()
    {
        var now = Environment.TickCount64 / 1000;
        lock (gate)
        {
            if (now != second)
                (second, taken) = (now, 0);
            return ++taken <= MostASecond;
        }
    }

    /// <summary>Takes one.</summary>
    /// <param name="kind">What it is a sample of.</param>
    /// <param name="sample">The sample.</param>
    /// <param name="isPoorer">It says less than others of its kind may: it takes the place of none of those.</param>
    public void Add(string kind, T sample, bool isPoorer = false)
    {
        lock (gate)
        {
            var count = kinds.TryGetValue(kind, out var before) ? before.Count : 0;
            if (count == 0 && kinds.Count >= most)
                kinds.Remove(kinds.MinBy(one => one.Value.Seen).Key);
            var staysAsIs = isPoorer && count > 0 && !before.IsPoorer;
            kinds[kind] = (staysAsIs ? before.Sample : sample, isPoorer && !staysAsIs, count + 1, ++seen);
        }
    }

    /// <summary>The latest of each kind, and how many were taken of it; the most frequent kind first.</summary>
    public IReadOnlyList<(T Sample, long Count)> Read()
    {
        lock (gate)
            return [.. kinds.Values.OrderByDescending(one => one.Count).ThenBy(one => one.Seen).Select(one => (one.Sample, one.Count))];
    }

    /// <summary>Forgets all.</summary>
    public void Clear()
    {
        lock (gate)
            kinds.Clear();
    }
}
