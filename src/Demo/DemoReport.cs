using Spectre.Console;

namespace JustRunIt.Demo;

/// <summary>The end of the demonstration: timeline and table.</summary>
internal static class DemoReport
{
    private static readonly string[] Columns = ["CPU", "clone, mean ms", "clone, requests/s", "on-line, mean ms", "requests", "how"];

    /// <summary>Prints both.</summary>
    public static void Print(DemoFigures figures, IAnsiConsole console)
    {
        console.WriteLine();
        console.WriteLine("Timeline (seconds after the load began)");
        var told = figures.Timeline.Where(line => line.At >= figures.Start).Select(line => (line.At, line.Text))
            .Concat(figures.Surges.Select(load => (load.At, Text: DemoNarrator.Tell(figures.Service, load.Factor))));
        foreach (var (at, text) in told.OrderBy(entry => entry.At))
            console.WriteLine($"  {(at - figures.Start).TotalSeconds,6:0.0}  {text}");

        console.Write(Table(figures));
        console.WriteLine(
            $"Agreed mean response time {figures.Agreed.TotalMilliseconds:0} ms; "
            + $"an application server at {DemoPlan.InitialPercent} % bears {figures.CapacityPerSecond:0.0} requests/s");
        foreach (var clone in figures.Clones)
        {
            console.WriteLine(
                $"Cloned by the {clone.Hypervisor} back end: {clone.How}; ready after {clone.CloneTime.TotalSeconds:0.0} s");
        }

        if (figures.Reaction is { } reaction)
        {
            console.WriteLine(
                $"From violation seen to allocation in force {reaction.TotalSeconds:0.0} s, "
                + $"{(reaction - figures.ExperimentTime).TotalSeconds:0.0} s of it not experiments");
        }

        console.WriteLine(figures.Problem is null ? "The SLA was restored." : $"The SLA was not restored: {figures.Problem}");
    }

    private static Table Table(DemoFigures figures)
    {
        var table = new Table().Title("Mean response time by CPU share").Border(TableBorder.Simple);
        foreach (var column in Columns)
            table.AddColumn(new TableColumn(column).RightAligned());
        var measured = figures.Experiments.Select(e => (e.Cores, Cells: new[]
        {
            e.Share,
            $"{e.Sandbox.MeanMs:0.0}",
            $"{e.Sandbox.ThroughputPerSecond:0.0}",
            $"{e.Online.MeanMs:0.0}",
            $"{e.Sandbox.Requests}",
            "measured",
        }));
        var interpolated = figures.Interpolated.Select(e =>
            (e.Cores, Cells: new[] { e.Share, $"{e.MeanMs:0.0}", "", "", "", "interpolated" }));
        foreach (var (_, cells) in measured.Concat(interpolated).OrderBy(row => row.Cores))
            table.AddRow(cells);
        return table;
    }
}
