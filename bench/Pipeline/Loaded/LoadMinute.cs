using System.Text.Json.Nodes;

namespace JustRunIt.Bench.Pipeline.Loaded;

/// <summary>What was seen in a minute of a run, or in what is left of it.</summary>
/// <param name="From">When it began, from the run's begin.</param>
/// <param name="EventsPerSecond">Events heard.</param>
/// <param name="Heard">From the append of an event to its arrival.</param>
/// <param name="Uncounted">Age of the oldest report of each service that was not counted.</param>
/// <param name="Most">The look at which most messages waited.</param>
/// <param name="Memory">The most resident memory of each process in MiB.</param>
internal sealed record LoadMinute(
    TimeSpan From,
    double EventsPerSecond,
    LoadMinute.Times Heard,
    LoadMinute.Times Uncounted,
    LoadSample Most,
    IReadOnlyList<double> Memory)
{
    public static readonly TimeSpan Length = TimeSpan.FromMinutes(1);

    /// <summary>All minutes of a run, in order.</summary>
    public static IEnumerable<LoadMinute> Of(LoadRun run, IReadOnlyCollection<(DateTimeOffset At, double Milliseconds)> heard)
    {
        var end = run.Samples.Count == 0 ? TimeSpan.Zero : run.Samples[^1].At - run.Begin;
        for (var from = TimeSpan.Zero; from < end; from += Length)
        {
            if (Of(run, from, heard) is { } minute)
                yield return minute;
        }
    }

    /// <summary>A minute; null when nobody looked within it.</summary>
    public static LoadMinute? Of(LoadRun run, TimeSpan from, IReadOnlyCollection<(DateTimeOffset At, double Milliseconds)> heard)
    {
        var (begin, end) = (run.Begin + from, run.Begin + from + Length);
        var samples = run.Samples.Where(sample => sample.At >= begin && sample.At < end).ToList();
        if (samples.Count == 0)
            return null;
        var times = heard.Where(one => one.At >= begin && one.At < end).Select(one => one.Milliseconds).Order().ToArray();
        var last = run.Samples[^1].At < end ? run.Samples[^1].At : end;
        return new LoadMinute(
            from,
            times.Length / (last - begin).TotalSeconds,
            Times.Of(times),
            Times.Of([.. samples.SelectMany(sample => sample.Uncounted).Order()]),
            samples.MaxBy(sample => sample.Waiting)!,
            [.. Enumerable.Range(0, run.Services.Count).Select(service => samples.Max(sample => sample.Memory[service]))]);
    }

    public JsonObject ToJson(IReadOnlyList<string> services) => new()
    {
        ["minute"] = From.TotalMinutes,
        ["eventsPerSecond"] = EventsPerSecond,
        ["heardMs"] = Heard.ToJson(),
        ["uncountedMs"] = Uncounted.ToJson(),
        ["mostWaiting"] = Most.Waiting,
        ["longestQueue"] = Most.Longest,
        ["memoryMiB"] = new JsonObject(services.Zip(Memory, (name, memory) => KeyValuePair.Create(name, (JsonNode?)memory))),
    };

    /// <summary>Milliseconds.</summary>
    internal readonly record struct Times(double Median, double P99, double Max)
    {
        public static Times Of(double[] sorted) =>
            new(Load.AtPercentile(sorted, 50), Load.AtPercentile(sorted, 99), sorted.Length == 0 ? double.NaN : sorted[^1]);

        public JsonObject ToJson() => new() { ["median"] = Finite(Median), ["p99"] = Finite(P99), ["max"] = Finite(Max) };

        /// <summary>Of nothing there is no percentile, and JSON has no word for it.</summary>
        internal static JsonNode? Finite(double value) => double.IsFinite(value) ? value : null;
    }
}
