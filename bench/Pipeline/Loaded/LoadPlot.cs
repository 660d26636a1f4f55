using ScottPlot;

namespace JustRunIt.Bench.Pipeline.Loaded;

/// <summary>Lag and memory over time.</summary>
internal static class LoadPlot
{
    private const int Width = 1000;
    private const int Height = 800;
    private const double BucketSeconds = 10;

    /// <summary>Milliseconds.</summary>
    private const double AimedFor = 250;

    /// <summary>Draws it as a PNG.</summary>
    public static void Save(LoadRun run, IReadOnlyCollection<(DateTimeOffset At, double Milliseconds)> heard, string file)
    {
        var figure = new Multiplot();
        figure.AddPlots(3);
        var buckets = heard.Where(one => one.At >= run.Begin)
            .GroupBy(one => Math.Floor((one.At - run.Begin).TotalSeconds / BucketSeconds))
            .OrderBy(bucket => bucket.Key)
            .Select(bucket => (Minutes: bucket.Key * BucketSeconds / 60, Sorted: bucket.Select(one => one.Milliseconds).Order().ToArray()))
            .ToList();
        var lag = figure.GetPlot(0);
        Add(lag, "median", buckets.Select(bucket => (bucket.Minutes, Load.AtPercentile(bucket.Sorted, 50))));
        Add(lag, "99th percentile", buckets.Select(bucket => (bucket.Minutes, Load.AtPercentile(bucket.Sorted, 99))));
        Add(lag, "at most", buckets.Select(bucket => (bucket.Minutes, bucket.Sorted[^1])));
        lag.Add.HorizontalLine(AimedFor).LegendText = "aimed for, 99th percentile";
        lag.Title("From append to heard (simulated agents)");
        lag.YLabel("ms");
        var waiting = figure.GetPlot(1);
        Add(waiting, "in all queues", run.Samples.Select(sample => (Minutes(sample), (double)sample.Waiting)));
        waiting.YLabel("messages");
        var memory = figure.GetPlot(2);
        for (var i = 0; i < run.Services.Count; i++)
        {
            var service = i;
            Add(memory, run.Services[i], run.Samples.Select(sample => (Minutes(sample), sample.Memory[service])));
        }

        memory.YLabel("MiB resident");
        memory.XLabel("minutes");
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(file))!);
        figure.SavePng(file, Width, Height);

        double Minutes(LoadSample sample) => (sample.At - run.Begin).TotalMinutes;
    }

    private static void Add(Plot plot, string name, IEnumerable<(double X, double Y)> points)
    {
        var all = points.ToList();
        plot.Add.ScatterLine(all.Select(point => point.X).ToArray(), all.Select(point => point.Y).ToArray()).LegendText = name;
        plot.ShowLegend(Alignment.UpperLeft);
        plot.Axes.SetLimitsY(0, Math.Max(1, all.Select(point => point.Y).Append(plot.Axes.GetLimits().Top).Max()));
    }
}
