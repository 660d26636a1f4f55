using System.Text.Json.Nodes;

namespace JustRunIt.Bench.Pipeline.Loaded;

/// <summary>The figures of a run as a table and as JSON.</summary>
internal static class LoadReport
{
    public static void Head(LoadRun run) => Console.WriteLine(
        $"{"minute",6} {"events/s",9} {"heard, ms: median",18} {"99th",7} {"most",7} {"uncounted, ms: median",22} {"99th",7} {"most",7} "
            + $"{"waiting: most",14}  {"longest queue",-60} {string.Join(' ', run.Services.Select(name => $"{name,13}"))} MiB");

    /// <summary>A minute.</summary>
    public static void Row(LoadRun run, TimeSpan from, IReadOnlyCollection<(DateTimeOffset At, double Milliseconds)> heard)
    {
        if (LoadMinute.Of(run, from, heard) is not { } minute)
            return;
        Console.WriteLine(
            $"{from.TotalMinutes,6:0} {minute.EventsPerSecond,9:0.0} {minute.Heard.Median,18:0.0} {minute.Heard.P99,7:0.0} "
                + $"{minute.Heard.Max,7:0.0} {minute.Uncounted.Median,22:0.0} {minute.Uncounted.P99,7:0.0} {minute.Uncounted.Max,7:0.0} "
                + $"{minute.Most.Waiting,14}  {minute.Most.Longest,-60} "
                + $"{string.Join(' ', minute.Memory.Select(memory => $"{memory,13:0.0}"))}");
    }

    /// <summary>Everything together.</summary>
    public static JsonObject Print(
        LoadSettings settings,
        long published,
        LoadRun run,
        IReadOnlyList<(string Event, long Count, double Median, double P99)> answered,
        IReadOnlyCollection<(DateTimeOffset At, double Milliseconds)> heard)
    {
        var all = heard.Where(one => one.At >= run.Begin).ToList();
        var lag = LoadMinute.Times.Of([.. all.Select(one => one.Milliseconds).Order()]);
        var uncounted = LoadMinute.Times.Of([.. run.Samples.SelectMany(sample => sample.Uncounted).Order()]);
        Console.WriteLine(
            $"all: {published} reports published, {all.Count} events heard; from append to heard {lag.Median:0.0} ms median, "
                + $"{lag.P99:0.0} ms 99th percentile, {lag.Max:0.0} ms at most; oldest report that is not counted "
                + $"{uncounted.Median:0.0} ms median, {uncounted.P99:0.0} ms 99th percentile, {uncounted.Max:0.0} ms at most");
        Console.WriteLine($"{"from the append of",-45} {"count",8} {"to what was decided on it, ms: median",38} {"99th",8}");
        foreach (var (name, count, median, p99) in answered)
            Console.WriteLine($"{name,-45} {count,8} {median,38:0.0} {p99,8:0.0}");
        var minutes = LoadMinute.Of(run, heard).ToList();
        var trends = Trends(run, minutes).ToList();
        Console.WriteLine($"{"whether it goes on growing",-45} {"first half",11} {"second half",12} {"an hour",9}");
        foreach (var trend in trends)
            Console.WriteLine($"{trend.Name,-45} {trend.First,11:0.0} {trend.Second,12:0.0} {trend.PerHour,9:+0.0;-0.0;0.0}");
        return new JsonObject
        {
            ["simulatedServices"] = settings.Services,
            ["simulatedExplorations"] = settings.Explorations,
            ["minutesMeasured"] = settings.Time.TotalMinutes,
            ["reportsPublished"] = published,
            ["eventsHeard"] = all.Count,
            ["heardMs"] = lag.ToJson(),
            ["uncountedMs"] = uncounted.ToJson(),
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
            ["trends"] = new JsonArray([.. trends.Select(trend => trend.ToJson())]),
            ["minutes"] = new JsonArray([.. minutes.Select(minute => minute.ToJson(run.Services))]),
            ["samples"] = new JsonArray(
            [
                .. run.Samples.Select(sample => new JsonObject
                {
                    ["seconds"] = (sample.At - run.Begin).TotalSeconds,
                    ["waiting"] = sample.Waiting,
                    ["longestQueue"] = sample.Longest,
                    ["memoryMiB"] = new JsonObject(run.Services.Zip(
                        sample.Memory, (name, memory) => KeyValuePair.Create(name, (JsonNode?)memory))),
                }),
            ]),
        };
    }

    private static IEnumerable<Trend> Trends(LoadRun run, IReadOnlyList<LoadMinute> minutes)
    {
        yield return Trend.Of("heard, 99th percentile of a minute, ms", [.. minutes.Select(minute => (minute.From, minute.Heard.P99))]);
        yield return Trend.Of(
            "uncounted, 99th percentile of a minute, ms", [.. minutes.Select(minute => (minute.From, minute.Uncounted.P99))]);
        yield return Trend.Of(
            "waiting in all queues", [.. run.Samples.Select(sample => (sample.At - run.Begin, (double)sample.Waiting))]);
        for (var i = 0; i < run.Services.Count; i++)
        {
            var service = i;
            yield return Trend.Of(
                $"memory of {run.Services[service]}, MiB",
                [.. run.Samples.Select(sample => (sample.At - run.Begin, sample.Memory[service]))]);
        }
    }
}
