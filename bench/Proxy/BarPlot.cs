using ScottPlot;

namespace JustRunIt.Bench.Proxy;

/// <summary>Throughput of every contender, with small and large replies.</summary>
internal static class BarPlot
{
    private const int Width = 1000;
    private const int Height = 500;

    /// <summary>Draws it; the format follows the file's ending.</summary>
    public static void Save(IReadOnlyList<(string Name, double Small, double Large)> bars, string file)
    {
        var plot = new Plot();
        Add("128 B", 0, bar => bar.Small, Colors.SteelBlue);
        Add("16 KiB", 0.4, bar => bar.Large, Colors.Orange);
        plot.Axes.Bottom.SetTicks([.. bars.Select((_, i) => i + 0.2)], [.. bars.Select(bar => bar.Name)]);
        plot.Title("Throughput on 32 keep-alive connections");
        plot.YLabel("requests/s");
        plot.Axes.Margins(bottom: 0);
        plot.ShowLegend(Alignment.UpperRight);
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(file))!);
        if (file.EndsWith(".svg", StringComparison.OrdinalIgnoreCase))
            plot.SaveSvg(file, Width, Height);
        else
            plot.SavePng(file, Width, Height);

        void Add(string name, double shift, Func<(string Name, double Small, double Large), double> value, Color color)
        {
            var drawn = plot.Add.Bars([.. bars.Select((_, i) => i + shift)], [.. bars.Select(value)]);
            drawn.LegendText = name;
            foreach (var bar in drawn.Bars)
                (bar.FillColor, bar.Size) = (color, 0.38);
        }
    }
}
