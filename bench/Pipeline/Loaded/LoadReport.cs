using System.Text.Json.Nodes;

namespace JustRunIt.Bench.Pipeline.Loaded;

/// <summary>The figures of a run as a table and as JSON.</summary>
internal static class LoadReport
{
    public static void Head(LoadRun run) => Console.WriteLine(
        $"{"minute",6} {"events/s",9} {"heard, ms: median",18} {"99th",7} {"uncounted, ms: median",22} {"99th",7} {"waiting: most",14}  "
            + $"{"longest queue",-60} {string.Join(' ', run.Services.Select(name => $"{name,13}"))} MiB");

    /// <summary>A minute.</summary>
    public static void Row(LoadRun run, TimeSpan from, IReadOnlyCollection<(DateTimeOffset At, double Milliseconds)> heard)
    {
        var begin = run.Begin + from;
        var samples = run.Samples.Where(sample => sample.At >= begin).ToList();
        if (samples.Count == 0)
            return;
        var lag = Sorted(heard.Where(one => one.At >= begin).Select(one => one.Milliseconds));
        var uncounted = Sorted(samples.SelectMany(sample => sample.Uncounted));
        var seconds = (samples[^1].At - begin).TotalSeconds;
        var most = samples.MaxBy(sample => sample.Waiting)!;
        Console.WriteLine(
            $"{from.TotalMinutes,6:0} {lag.Length / seconds,9:0.0} {Load.AtPercentile(lag, 50),18:0.0} {Load.AtPercentile(lag, 99),7:0.0} "
                + $"{Load.AtPercentile(uncounted, 50),22:0.0} {Load.AtPercentile(uncounted, 99),7:0.0} {most.Waiting,14}  "
                + $"{most.Longest,-60} {string.Join(' ', samples[^1].Memory.Select(memory => $"{memory,13:0.0}"))}");
    }

    /// <summary>Everything together.</summary>
    public static JsonObject Print(
        LoadSettings settings,
        long published,
        LoadRun run,
        IReadOnlyList<(string Event, long Count, double Median, double P99)> answered,
        IReadOnlyCollection<(DateTimeOffset At, double Milliseconds)> heard)
    {
        var lag = Sorted(heard.Where(one => one.At >= run.Begin).Select(one => one.Milliseconds));
        var uncounted = Sorted(run.Samples.SelectMany(sample => sample.Uncounted));
        Console.WriteLine(
            $"all: {published} reports published, {lag.Length} events heard; from append to heard "
                + $"{Load.AtPercentile(lag, 50):0.0} ms median, "
                + $"{Load.AtPercentile(lag, 99):0.0} ms 99th percentile; oldest report that is not counted "
                + $"{Load.AtPercentile(uncounted, 50):0.0} ms median, {Load.AtPercentile(uncounted, 99):0.0} ms 99th percentile");
        Console.WriteLine($"{"from the append of",-45} {"count",8} {"to what was decided on it, ms: median",38} {"99th",8}");
        foreach (var (name, count, median, p99) in answered)
            Console.WriteLine($"{name,-45} {count,8} {median,38:0.0} {p99,8:0.0}");
        return new JsonObject
        {
            ["simulatedServices"] = settings.Services,
            ["simulatedExplorations"] = settings.Explorations,
            ["minutes"] = settings.Time.TotalMinutes,
            ["reportsPublished"] = published,
            ["eventsHeard"] = lag.Length,
            ["heardMedianMs"] = Finite(Load.AtPercentile(lag, 50)),
            ["heardP99Ms"] = Finite(Load.AtPercentile(lag, 99)),
            ["uncountedMedianMs"] = Finite(Load.AtPercentile(uncounted, 50)),
            ["uncountedP99Ms"] = Finite(Load.AtPercentile(uncounted, 99)),
            ["answered"] = new JsonArray(
            [
                .. answered.Select(one => new JsonObject
                {
                    ["event"] = one.Event,
                    ["count"] = one.Count,
                    ["medianMs"] = one.Median,
                    ["p99Ms"] = one.P99,
                }),
            ]),
            ["samples"] = new JsonArray(
            [
                .. run.Samples.Select(sample => new JsonObject
                {
                    ["seconds"] = (sample.At - run.Begin).TotalSeconds,
                    ["waiting"] = sample.Waiting,
                    ["longestQueue"] = sample.Longest,
                    ["uncountedP99Ms"] = Finite(Load.AtPercentile(Sorted(sample.Uncounted), 99)),
                    ["memoryMiB"] = new JsonObject(run.Services.Zip(
                        sample.Memory, (name, memory) => KeyValuePair.Create(name, (JsonNode?)memory))),
                }),
            ]),
        };
    }

    /// <summary>Of nothing there is no percentile, and JSON has no word for it.</summary>
    private static JsonNode? Finite(double value) => double.IsFinite(value) ? value : null;

    private static double[] Sorted(IEnumerable<double> values) => [.. values.Order()];
}
