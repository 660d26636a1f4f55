using System.Globalization;
using JustRunIt.HostAgent.Hypervisors;

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

    /// <summary>Reads the command line; null with the reason when it is none.</summary>
    public static Options? Parse(IReadOnlyList<string> words, out string? refusal)
    {
        var options = new Options(null, null, AllHeaps, null);
        var backEnds = HypervisorRegistry.All.Select(backEnd => backEnd.Name).ToList();
        for (var i = 0; i < words.Count; i += 2)
        {
            var value = i + 1 < words.Count ? words[i + 1] : "";
            if (Read(words[i], value) is not { } read)
            {
                refusal = $"'{words[i]} {value}'; allowed are --only {string.Join('|', Parts)}, --back-end {string.Join('|', backEnds)}, "
                    + $"--heap MB (1 to {LargestHeap}), --json FILE";
                return null;
            }

            options = read;
        }

        refusal = null;
        return options;

        Options? Read(string name, string value) => name switch
        {
            "--only" when Parts.Contains(value) => options with { Part = value },
            "--back-end" when backEnds.Contains(value) => options with { BackEnd = value },
            "--heap" when int.TryParse(value, CultureInfo.InvariantCulture, out var megabytes)
                && megabytes is > 0 and <= LargestHeap => options with { Heaps = [megabytes] },
            "--json" when value.Length > 0 => options with { Json = value },
            _ => null,
        };
    }
}
