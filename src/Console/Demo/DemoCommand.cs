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
        var quick = new Option<bool>("--quick") { Description = "shorter experiments; about three minutes instead of five" };
        var json = new Option<FileInfo?>("--json") { Description = "write every figure to this file", HelpName = "FILE" };
        var plot = new Option<FileInfo?>("--plot")
        {
            Description = "write the plot of response times to this file, .png or .svg (default: .justrunit/demo/response-times.png)",
            HelpName = "FILE",
        };
        var backEnd = new Option<string>("--back-end")
        {
            Description = "how servers are run and cloned; auto takes containers, which are cloned live, where they work here, else processes, cloned cold",
            HelpName = string.Join('|', DemoBackEnd.Names),
            DefaultValueFactory = _ => DemoBackEnd.Automatic,
        };
        backEnd.Validators.Add(given =>
        {
            if (given.GetValueOrDefault<string>() is { } name && !DemoBackEnd.Names.Contains(name))
                given.AddError($"command line: --back-end: '{name}'; allowed is {string.Join(" or ", DemoBackEnd.Names)}");
        });
        var command = new Command("demo", "run the whole loop on this machine: an auction breaks its SLA and gets the CPU share that experiments with its clone call for")
        {
            quick,
            json,
            plot,
            backEnd,
        };
        command.SetAction((parsed, cancellation) => RunAsync(
            parsed.GetValue(quick) ? DemoPlan.Quick : DemoPlan.Full,
            parsed.GetValue(backEnd)!,
            parsed.GetValue(json)?.FullName,
            parsed.GetValue(plot)?.FullName,
            cancellation));
        return command;
    }

    private static async Task<int> RunAsync(DemoPlan plan, string backEnd, string? json, string? plot, CancellationToken cancellation)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(System.Console.Out) });
        if (System.Console.IsOutputRedirected)
            console.Profile.Width = 160;
        DemoResult result;
        try
        {
            result = await new DemoRun(plan, backEnd, Connections.FromEnvironment(), console).RunAsync(cancellation);
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
