using System.Diagnostics;

namespace JustRunIt.Bench.Pipeline;

/// <summary>Writes at a rate, or as fast as it goes, and waits until everything is read.</summary>
internal static class Load
{
    private static readonly TimeSpan ReadPatience = TimeSpan.FromSeconds(30);

    /// <summary>Latencies at a steady rate; writes do not wait for each other.</summary>
    /// <returns>Sorted milliseconds from before the write to the reader.</returns>
    public static async Task<double[]> AtRateAsync(
        IPath path, Arrivals arrivals, double eventsPerSecond, int perTransaction, TimeSpan duration)
    {
        arrivals.Clear();
        var writes = new List<Task>();
        var interval = TimeSpan.FromSeconds(perTransaction / eventsPerSecond);
        var count = (int)(duration / interval);
        var begin = Stopwatch.GetTimestamp();
        for (var i = 0; i < count; i++)
        {
            var wait = (interval * i) - Stopwatch.GetElapsedTime(begin);
            if (wait > TimeSpan.Zero)
                await Task.Delay(wait);
            writes.Add(WriteAsync(path, arrivals, perTransaction));
        }

        await Task.WhenAll(writes);
        await WaitForAllAsync(arrivals, count * perTransaction);
        return arrivals.Milliseconds();
    }

    /// <summary>The highest rate: so many writers, each as fast as it can; counted until the last is read.</summary>
    /// <returns>Events a second.</returns>
    public static async Task<double> HighestRateAsync(IPath path, Arrivals arrivals, int writers, int perTransaction, TimeSpan duration)
    {
        arrivals.Clear();
        var begin = Stopwatch.GetTimestamp();
        var written = 0;
        await Task.WhenAll(Enumerable.Range(0, writers).Select(_ => Task.Run(async () =>
        {
            while (Stopwatch.GetElapsedTime(begin) < duration)
            {
                await WriteAsync(path, arrivals, perTransaction);
                Interlocked.Add(ref written, perTransaction);
            }
        })));
        await WaitForAllAsync(arrivals, written);
        return written / Stopwatch.GetElapsedTime(begin).TotalSeconds;
    }

    /// <summary>Nearest rank.</summary>
    public static double AtPercentile(double[] sorted, int percentile) =>
        sorted.Length == 0 ? double.NaN : sorted[Math.Max(0, (int)Math.Ceiling(sorted.Length * percentile / 100.0) - 1)];

    private static Task WriteAsync(IPath path, Arrivals arrivals, int count)
    {
        var ids = Enumerable.Range(0, count).Select(_ => Guid.NewGuid()).ToList();
        arrivals.Writing(ids);
        return path.WriteAsync(ids);
    }

    private static async Task WaitForAllAsync(Arrivals arrivals, int count)
    {
        var begin = Stopwatch.GetTimestamp();
        while (arrivals.Count < count)
        {
            if (Stopwatch.GetElapsedTime(begin) > ReadPatience)
                throw new TimeoutException(
                    $"{count - arrivals.Count} of {count} messages were not read within {ReadPatience.TotalSeconds:0} s");
            await Task.Delay(5);
        }
    }
}
