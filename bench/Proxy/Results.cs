using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace JustRunIt.Bench.Proxy;

/// <summary>What is printed, and written as JSON: every figure, and every target with whether it was met.</summary>
internal sealed class Results
{
    private readonly JsonObject figures = [];
    private readonly JsonArray targets = [];
    private readonly List<string> lines = [];

    /// <summary>Adds a row of figures to a part.</summary>
    public void Add(string part, JsonObject row)
    {
        if (!figures.ContainsKey(part))
            figures[part] = new JsonArray();
        figures[part]!.AsArray().Add(row);
    }

    /// <summary>A target, and what was measured.</summary>
    /// <param name="name">What is asked for.</param>
    /// <param name="measured">The figure.</param>
    /// <param name="isMet">Whether it is met.</param>
    /// <param name="what">The figure in words.</param>
    public void Target(string name, double measured, bool isMet, string what)
    {
        targets.Add(
            new JsonObject
            {
                ["target"] = name,
                ["measured"] = double.IsFinite(measured) ? measured : null,
                ["met"] = isMet,
                ["text"] = what,
            });
        lines.Add($"  {(isMet ? "met   " : "MISSED")}  {name}: {what}");
    }

    /// <summary>Prints the targets.</summary>
    public void PrintTargets()
    {
        Console.WriteLine("\nTargets");
        foreach (var line in lines)
            Console.WriteLine(line);
    }

    /// <summary>Writes everything.</summary>
    public void Save(string file, bool isQuick) => File.WriteAllText(
        file,
        new JsonObject
        {
            ["quick"] = isQuick,
            ["processors"] = Environment.ProcessorCount,
            ["figures"] = figures.DeepClone(),
            ["targets"] = targets.DeepClone(),
        }.ToJsonString(new JsonSerializerOptions { WriteIndented = true }));

    /// <summary>The middle of some figures: of an even number the mean of both.</summary>
    public static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return sorted.Length == 0 ? double.NaN : (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }

    /// <summary>Median over the rounds of the ratio within a round: what slows the machine for a while slows both.</summary>
    public static double Ratio(IReadOnlyList<double> ours, IReadOnlyList<double> theirs) => Median(ours.Zip(theirs, (a, b) => a / b));

    /// <summary>A number in the invariant culture.</summary>
    public static string Text(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
}
