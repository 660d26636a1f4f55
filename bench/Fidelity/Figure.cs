using ScottPlot;

namespace JustRunIt.Bench.Fidelity;

/// <summary>Throughput and mean response time of both sides by CPU share, as Figures 8 and 9 of the paper.</summary>
internal static class Figure
{
    private const int Width = 1200;
    private const int Height = 800;

    /// <summary>Draws it as PNG: a row of a sample, response times left, throughput right.</summary>
    public static void Save(IReadOnlyList<Cell> cells, string file)
    {
        var figure = new Multiplot();
        var samples = cells.GroupBy(cell => cell.Sample).ToList();
        figure.AddPlots(2 * samples.Count);
        figure.Layout = new ScottPlot.MultiplotLayouts.Grid(samples.Count, 2);
        for (var row = 0; row < samples.Count; row++)
        {
            Draw(figure.GetPlot(2 * row), samples[row], "mean response time, ms", cell => (cell.Online.MeanMs, cell.Sandbox.MeanMs));
            Draw(figure.GetPlot((2 * row) + 1), samples[row], "requests/s", cell => (cell.OnlinePerSecond, cell.SandboxPerSecond));
        }

        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(file))!);
        figure.SavePng(file, Width, Height);
    }

    private static void Draw(Plot plot, IGrouping<string, Cell> sample, string what, Func<Cell, (double Online, double Clone)> values)
    {
        var palette = new ScottPlot.Palettes.Category10();
        foreach (var (load, index) in sample.GroupBy(cell => cell.Clients).Select((load, index) => (load, index)))
        {
            var shares = load.Select(cell => cell.Share * 100).ToArray();
            var color = palette.GetColor(index);
            Add("on-line", load.Select(cell => values(cell).Online), LinePattern.Solid, MarkerShape.FilledCircle);
            Add("clone", load.Select(cell => values(cell).Clone), LinePattern.Dashed, MarkerShape.OpenSquare);

            void Add(string side, IEnumerable<double> heights, LinePattern pattern, MarkerShape marker)
            {
                var line = plot.Add.Scatter(shares, heights.ToArray());
                (line.Color, line.LinePattern, line.MarkerShape, line.MarkerSize) = (color, pattern, marker, 8);
                line.LegendText = $"{side}, {load.Key} clients";
            }
        }

        plot.Title(sample.Key);
        plot.XLabel("CPU share of each side, % of a core");
        plot.YLabel(what);
        plot.Axes.SetLimitsY(0, sample.Max(cell => Math.Max(values(cell).Online, values(cell).Clone)) * 1.6);
        plot.ShowLegend(Alignment.UpperRight);
    }
}
