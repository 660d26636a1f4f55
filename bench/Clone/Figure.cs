using ScottPlot;

namespace JustRunIt.Bench.Clone;

/// <summary>Pause and clone time against heap size, a line a back end.</summary>
internal static class Figure
{
    private const int Width = 1100;
    private const int Height = 450;

    /// <summary>Draws it.</summary>
    public static void Save(IReadOnlyList<CloneFigures> figures, string file)
    {
        var both = new Multiplot();
        both.AddPlots(2);
        both.Layout = new ScottPlot.MultiplotLayouts.Grid(1, 2);
        Draw(
            both.GetPlot(0),
            "longest wait of a client, ms",
            figure => Math.Max(figure.LongestOnOpen.TotalMilliseconds, figure.LongestOnNew.TotalMilliseconds));
        Draw(both.GetPlot(1), "from command to healthy clone, ms", figure => figure.Total.TotalMilliseconds);
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(file))!);
        both.SavePng(file, Width, Height);

        void Draw(Plot plot, string label, Func<CloneFigures, double> of)
        {
            foreach (var backEnd in figures.GroupBy(figure => figure.BackEnd))
            {
                var line = plot.Add.Scatter(backEnd.Select(figure => (double)figure.HeapMegabytes).ToArray(), backEnd.Select(of).ToArray());
                line.LegendText = backEnd.First().Cold ? $"{backEnd.Key} (cold)" : backEnd.Key;
            }

            plot.XLabel("live heap, MB");
            plot.YLabel(label);
            plot.Axes.SetLimitsY(0, figures.Select(of).DefaultIfEmpty(1).Max() * 1.1);
            plot.ShowLegend(Alignment.UpperLeft);
        }
    }
}
