using System.Collections.Concurrent;
using System.Diagnostics;

namespace JustRunIt.Bench.Pipeline;

/// <summary>When each message was written and read.</summary>
internal sealed class Arrivals
{
    private readonly ConcurrentDictionary<Guid, long> written = new();
    private readonly ConcurrentDictionary<Guid, TimeSpan> read = new();

    /// <summary>Messages read so far, each once.</summary>
    public int Count => read.Count;

    /// <summary>A writer is about to write.</summary>
    public void Writing(IEnumerable<Guid> ids)
    {
        var now = Stopwatch.GetTimestamp();
        foreach (var id in ids)
            written[id] = now;
    }

    /// <summary>A reader has it.</summary>
    public void Read(Guid id)
    {
        if (written.TryGetValue(id, out var since))
            read.TryAdd(id, Stopwatch.GetElapsedTime(since));
    }

    /// <summary>Milliseconds from before the write to the reader, sorted.</summary>
    public double[] Milliseconds() => [.. read.Values.Select(time => time.TotalMilliseconds).Order()];

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        written.Clear();
        read.Clear();
    }
}
