using System.CommandLine;
using JustRunIt.Client.CommandLine;
using JustRunIt.HostAgent.BackEnds;
using JustRunIt.HostAgent.Machines;

namespace JustRunIt.Bench.Clone;

/// <summary>What the command line asks for.</summary>
/// <param name="Part">The one part that is measured; null for all of <see cref="Parts"/>.</param>
/// <param name="BackEnd">The one back end that is measured; null for all.</param>
/// <param name="Heaps">Live heaps whose clones are measured, in megabytes.</param>
/// <param name="Json">File for every figure; null for none.</param>
internal sealed record Options(string? Part, string? BackEnd, IReadOnlyList<int> Heaps, string? Json)
{
    private const int LargestHeap = 4000;
    private static readonly string[] Parts = ["moves", "clones", "caps"];
    private static readonly int[] AllHeaps = [50, 200, 500, 1000];

    /// <summary>Whether a part is measured.</summary>
    public bool Does(string part) => Part is null || Part == part;

    /// <summary>The command that runs the benchmark with what the command line asks for.</summary>
    public static ExampleCommand Command(Func<Options, Task> run)
    {
        var part = CheckedOption.Choice("--only", "one part alone (default: all in turn)", Parts);
        var backEnd = CheckedOption.Choice(
            "--back-end", "one back end alone (default: all that work here)", [.. BackEndRegistry.All.Select(backEnd => backEnd.Name)]);
        var heap = CheckedOption.Whole(
            "--heap", "MB", $"one size of the heap alone, in MB (default: {string.Join(", ", AllHeaps)})", 1, LargestHeap);
        var json = CheckedOption.OutputFile("--json", "write every figure to this file, and the plot beside it");
        var command = new ExampleCommand(
            "clone",
            "pause and time of cloning against the size of the heap, of moves between agents, and precision of the CPU cap",
            "./justrunit bench clone --only clones --back-end container --heap 200")
        {
            part,
            backEnd,
            heap,
            json,
        };
        command.SetAction(async (parsed, cancellation) =>
        {
            OutputFiles.Prepare(parsed.GetValue(json));
            IReadOnlyList<int> heaps = parsed.GetValue(heap) is { } one ? [one] : AllHeaps;
            var options = new Options(parsed.GetValue(part), parsed.GetValue(backEnd), heaps, parsed.GetValue(json));
            await run(options).WaitAsync(cancellation);
            return 0;
        });
        return command;
    }
}
