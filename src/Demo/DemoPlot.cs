using ScottPlot;

namespace JustRunIt.Demo;

/// <summary>Response time of every service over time, as Figure 10 of the paper.</summary>
internal static class DemoPlot
{
    /// <summary>What its file's name may end in.</summary>
    public static readonly IReadOnlyList<string> Endings = [".png", ".svg"];

    private const int Width = 1200;
    private const int Height = 600;

    /// <summary>Draws it; the format follows the file's ending.</summary>
    public static void Save(DemoFigures figures, string file)
    {
        var plot = new Plot();
        var highest = figures.Agreed.TotalMilliseconds * 4;
        var services = figures.ResponseTimes.Where(interval => interval.MeanMs is not null).GroupBy(interval => interval.Service);
        foreach (var service in services.OrderBy(group => group.Key, StringComparer.Ordinal))
        {
            var line = plot.Add.ScatterLine(
                service.Select(interval => Seconds(interval.At)).ToArray(),
                service.Select(interval => interval.MeanMs!.Value).ToArray());
            line.LegendText = service.Key;
            line.LineWidth = service.Key == figures.Service ? 2 : 1;
        }

        plot.Add.HorizontalLine(figures.Agreed.TotalMilliseconds, 1, Colors.Black, LinePattern.Dashed).LegendText = "agreed";
        foreach (var load in figures.Surges)
            Mark(load.At, $"{load.Factor} × load");
        if (figures.ViolatedAt is { } violated)
            Mark(violated, "violated");
        if (figures.AppliedAt is { } applied)
            Mark(applied, "applied");
        plot.Title($"Mean response time of each service; the load of {figures.Service} grows");
        plot.XLabel("seconds");
        plot.YLabel("mean response time, ms (application tier, each second)");
        plot.Axes.SetLimitsY(0, highest);
        plot.ShowLegend(Alignment.UpperRight);
        if (file.EndsWith(".svg", StringComparison.OrdinalIgnoreCase))
            plot.SaveSvg(file, Width, Height);
        else
            plot.SavePng(file, Width, Height);

        double Seconds(DateTimeOffset at) => (at - figures.Start).TotalSeconds;

        void Mark(DateTimeOffset at, string what)
        {
            var line = plot.Add.VerticalLine(Seconds(at), 1, Colors.Gray, LinePattern.Dotted);
            line.ExcludeFromLegend = true;
            var label = plot.Add.Text(what, line.X, highest);
            label.LabelAlignment = Alignment.UpperLeft;
            label.LabelBackgroundColor = Colors.White;
            label.LabelBold = true;
        }
    }
}
