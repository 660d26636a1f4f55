using System.CommandLine;
using JustRunIt.Client.CommandLine;

namespace JustRunIt.Bench.Proxy;

/// <summary>What the benchmark was told.</summary>
/// <param name="Json">Where every figure goes.</param>
/// <param name="Plot">Where the plot goes, by its ending .png or .svg.</param>
/// <param name="IsQuick">Fewer rounds, shorter: to see that it runs.</param>
/// <param name="Only">One part alone.</param>
internal sealed record Options(string? Json, string? Plot, bool IsQuick, string? Only)
{
    /// <summary>The parts, in their order.</summary>
    private static readonly string[] Parts = ["http", "cost", "chain", "stall", "databases", "idle"];

    /// <summary>Rounds in which the contenders take turns.</summary>
    public int Rounds => IsQuick ? 1 : 3;

    /// <summary>Length of one measurement.</summary>
    public TimeSpan Length => TimeSpan.FromSeconds(IsQuick ? 2 : 3);

    /// <summary>The command that runs the benchmark with what the command line asks for.</summary>
    public static ExampleCommand Command(Func<Options, Task> run)
    {
        var json = CheckedOption.OutputFile("--json", "write every figure to this file");
        var plot = CheckedOption.OutputFile(
            "--plot", "write the plot to this file, .png or .svg (default: artifacts/bench-proxy.png)", ".png", ".svg");
        var quick = new Option<bool>("--quick") { Description = "fewer rounds, shorter: to see that it runs" };
        var only = CheckedOption.Choice("--only", "one part alone (default: all in turn)", Parts);
        var command = new ExampleCommand(
            "proxy",
            "the proxies against direct connections, HAProxy, nginx and PgBouncer",
            "./justrunit bench proxy --only http --plot http.svg")
        {
            json,
            plot,
            quick,
            only,
        };
        command.SetAction(async (parsed, cancellation) =>
        {
            OutputFiles.Prepare(parsed.GetValue(json), parsed.GetValue(plot));
            var options = new Options(parsed.GetValue(json), parsed.GetValue(plot), parsed.GetValue(quick), parsed.GetValue(only));
            await run(options).WaitAsync(cancellation);
            return 0;
        });
        return command;
    }

    /// <summary>Whether a part is to be run.</summary>
    public bool Wants(string part) => Only is null || Only == part;
}
