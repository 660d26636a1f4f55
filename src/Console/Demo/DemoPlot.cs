using JustRunIt.Events.Sla;
using ScottPlot;

namespace JustRunIt.Console.Demo;

/// <summary>Response time of every service over time, as Figure 10 of the paper.</summary>
internal static class DemoPlot
{
    private const int Width = 1200;
    private const int Height = 600;

    /// <summary>Draws it; the format follows the file's ending (.png or .svg).</summary>
    public static void Save(DemoResult result, string file)
    {
        var plot = new Plot();
        var highest = result.Agreed.TotalMilliseconds * 4;
        foreach (var service in result.Of<ResponseTimesMeasured>().Where(report => report.Requests > 0 && report.To >= result.Start).GroupBy(report => report.Service).OrderBy(group => group.Key))
        {
            var line = plot.Add.ScatterLine(
                service.Select(report => (report.To - result.Start).TotalSeconds).ToArray(),
                service.Select(report => report.TotalResponseTime.TotalMilliseconds / report.Requests).ToArray());
            line.LegendText = service.Key;
            line.LineWidth = service.Key == result.Service ? 2 : 1;
        }

        plot.Add.HorizontalLine(result.Agreed.TotalMilliseconds, 1, Colors.Black, LinePattern.Dashed).LegendText = "agreed";
        foreach (var load in result.Surges)
            Mark(load.At, $"{load.Factor} × load");
        if (result.Violated is { } violated)
            Mark(violated.WindowTo, "violated");
        if (result.Applied is { } applied)
            Mark(applied.At, "applied");
        plot.Title($"Mean response time of each service; the load of {result.Service} grows");
        plot.XLabel("seconds");
        plot.YLabel("mean response time, ms (application tier, each second)");
        plot.Axes.SetLimitsY(0, highest);
        plot.ShowLegend(Alignment.UpperRight);
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(file))!);
        if (file.EndsWith(".svg", StringComparison.OrdinalIgnoreCase))
            plot.SaveSvg(file, Width, Height);
        else
            plot.SavePng(file, Width, Height);

        void Mark(DateTimeOffset at, string what)
        {
            var line = plot.Add.VerticalLine((at - result.Start).TotalSeconds, 1, Colors.Gray, LinePattern.Dotted);
            line.ExcludeFromLegend = true;
            var label = plot.Add.Text(what, line.X, highest);
            label.LabelAlignment = Alignment.UpperLeft;
            label.LabelBackgroundColor = Colors.White;
            label.LabelBold = true;
        }
    }
}
