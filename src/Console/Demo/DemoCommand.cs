using System.CommandLine;
using JustRunIt.Console.Supervision;
using JustRunIt.Events.Store;
using Spectre.Console;

namespace JustRunIt.Console.Demo;

/// <summary><c>justrunit demo</c>.</summary>
internal static class DemoCommand
{
    /// <summary>The command.</summary>
    public static Command Create()
    {
        var quick = new Option<bool>("--quick") { Description = "shorter experiments; at most three minutes instead of six" };
        var json = new Option<FileInfo?>("--json") { Description = "write every figure to this file", HelpName = "FILE" };
        var plot = new Option<FileInfo?>("--plot")
        {
            Description = "write the plot of response times to this file, .png or .svg (default: .justrunit/demo/response-times.png)",
            HelpName = "FILE",
        };
        var command = new Command("demo", "run the whole loop on this machine: an auction breaks its SLA and gets the CPU share that experiments with its clone call for")
        {
            quick,
            json,
            plot,
        };
        command.SetAction((parsed, cancellation) => RunAsync(
            parsed.GetValue(quick) ? DemoPlan.Quick : DemoPlan.Full, parsed.GetValue(json)?.FullName, parsed.GetValue(plot)?.FullName, cancellation));
        return command;
    }

    private static async Task<int> RunAsync(DemoPlan plan, string? json, string? plot, CancellationToken cancellation)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(System.Console.Out) });
        if (System.Console.IsOutputRedirected)
            console.Profile.Width = 160;
        DemoResult result;
        try
        {
            result = await new DemoRun(plan, Connections.FromEnvironment(), console).RunAsync(cancellation);
        }
        catch (Exception e) when (e is InvalidOperationException or TimeoutException)
        {
            await System.Console.Error.WriteLineAsync($"{e.Message}. Logs: {Path.Combine(Programs.LocalFolder, "demo")}");
            return 1;
        }

        DemoReport.Print(result, console);
        plot ??= Path.Combine(Programs.LocalFolder, "demo", "response-times.png");
        DemoPlot.Save(result, plot);
        console.WriteLine($"Plot: {plot}");
        if (json is not null)
        {
            await File.WriteAllTextAsync(json, DemoReport.Json(result), cancellation);
            console.WriteLine($"Figures: {json}");
        }

        return result.Problem is null ? 0 : 1;
    }
}
