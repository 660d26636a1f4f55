using System.CommandLine;
using JustRunIt.Client.CommandLine;
using JustRunIt.Client.Supervision;

namespace JustRunIt.Bench.Fidelity;

/// <summary>Command line of the benchmark.</summary>
/// <param name="Plan">What is measured.</param>
/// <param name="Json">File for every figure; null for none.</param>
/// <param name="Plot">File for the plot.</param>
internal sealed record Options(Plan Plan, string? Json, string Plot)
{
    /// <summary>The command that runs the benchmark with what the command line asks for.</summary>
    public static ExampleCommand Command(Func<Options, CancellationToken, Task> run)
    {
        var json = CheckedOption.OutputFile("--json", "write every figure to this file");
        var plot = CheckedOption.OutputFile("--plot", "write the plot to this file (default: .justrunit/fidelity/fidelity.png)", ".png");
        var quick = new Option<bool>("--quick") { Description = "fewer and shorter measurements: to see that it runs" };
        var command = new ExampleCommand(
            "fidelity",
            "how alike on-line server and clone perform with the same CPU share, for both samples",
            "./justrunit bench fidelity --json figures.json --plot fidelity.png")
        {
            json,
            plot,
            quick,
        };
        command.SetAction(async (parsed, cancellation) =>
        {
            OutputFiles.Prepare(parsed.GetValue(json), parsed.GetValue(plot));
            await run(
                new Options(
                    parsed.GetValue(quick) ? Plan.Quick : Plan.Full,
                    parsed.GetValue(json),
                    parsed.GetValue(plot) ?? Path.Combine(Programs.LocalFolder, "fidelity", "fidelity.png")),
                cancellation);
            return 0;
        });
        return command;
    }
}
