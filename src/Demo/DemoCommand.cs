using System.CommandLine;
using JustRunIt.Client.CommandLine;
using JustRunIt.Client.Supervision;
using JustRunIt.Events.Store;
using Spectre.Console;

namespace JustRunIt.Demo;

/// <summary><c>justrunit demo</c>.</summary>
internal static class DemoCommand
{
    private const int WidthOfFiles = 160;

    /// <summary>The command.</summary>
    public static ExampleCommand Create()
    {
        var quick = new Option<bool>("--quick") { Description = "shorter experiments; about three minutes instead of five" };
        var json = CheckedOption.OutputFile("--json", "write every figure to this file");
        var plot = CheckedOption.OutputFile(
            "--plot",
            "write the plot of response times to this file, .png or .svg (default: .justrunit/demo/response-times.png)",
            DemoPlot.Endings);
        var backEnd = CheckedOption.Choice(
            "--back-end",
            "how servers are run and cloned; auto takes containers, which are cloned live, where they work here, "
                + "else processes, cloned cold (default: auto)",
            DemoBackEnd.Names);
        var command = new ExampleCommand(
            "demo",
            "run the whole loop on this machine: an auction breaks its SLA and gets the CPU share that experiments with its clone call for",
            "./justrunit demo --quick --json figures.json")
        {
            quick,
            json,
            plot,
            backEnd,
        };
        command.SetAction((parsed, cancellation) => RunAsync(
            parsed.GetValue(quick) ? DemoPlan.Quick : DemoPlan.Full,
            parsed.GetValue(backEnd) ?? DemoBackEnd.Automatic,
            parsed.GetValue(json),
            parsed.GetValue(plot),
            cancellation));
        return command;
    }

    private static async Task<int> RunAsync(DemoPlan plan, string backEnd, string? json, string? plot, CancellationToken cancellation)
    {
        OutputFiles.Prepare(json, plot);
        var folder = Path.Combine(Programs.LocalFolder, "demo");
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Out) });
        if (Console.IsOutputRedirected)
            console.Profile.Width = WidthOfFiles;
        DemoFigures figures;
        try
        {
            figures = await new DemoRun(plan, backEnd, Connections.FromEnvironment(), folder, console).RunAsync(cancellation);
        }
        catch (Exception e) when (Failure.Of(e) is (CommandProgram.Failed, var line) && e is not OperationCanceledException)
        {
            await Console.Error.WriteLineAsync($"{line}. Logs: {folder}");
            return CommandProgram.Failed;
        }

        DemoReport.Print(figures, console);
        plot ??= Path.Combine(folder, "response-times.png");
        DemoPlot.Save(figures, plot);
        console.WriteLine($"Plot: {plot}");
        if (json is not null)
        {
            await File.WriteAllTextAsync(json, DemoJson.Write(figures), cancellation);
            console.WriteLine($"Figures: {json}");
        }

        return figures.Problem is null ? 0 : CommandProgram.Failed;
    }
}
