namespace JustRunIt.Bench.Proxy;

/// <summary>What the benchmark was told.</summary>
/// <param name="Json">Where every figure goes.</param>
/// <param name="Plot">Where the plot goes, by its ending .png or .svg.</param>
/// <param name="IsQuick">Fewer rounds, shorter: to see that it runs.</param>
/// <param name="Only">One part alone.</param>
internal sealed record Options(string? Json, string? Plot, bool IsQuick, string? Only)
{
    /// <summary>The parts, in their order.</summary>
    public static readonly string[] Parts = ["http", "cost", "stall", "databases"];

    private const string Allowed = "--json FILE, --plot FILE (.png or .svg), --quick, --only http|cost|stall|databases";

    /// <summary>Rounds in which the contenders take turns.</summary>
    public int Rounds => IsQuick ? 1 : 3;

    /// <summary>Length of one measurement.</summary>
    public TimeSpan Length => TimeSpan.FromSeconds(IsQuick ? 2 : 3);

    /// <summary>Reads the command line.</summary>
    /// <exception cref="ArgumentException">Something in it is not allowed.</exception>
    public static Options Read(string[] args)
    {
        var options = new Options(null, null, false, null);
        for (var i = 0; i < args.Length; i++)
        {
            options = args[i] switch
            {
                "--quick" => options with { IsQuick = true },
                "--json" when i + 1 < args.Length => options with { Json = args[++i] },
                "--plot" when i + 1 < args.Length
                    && Path.GetExtension(args[i + 1]) is ".png" or ".svg" => options with { Plot = args[++i] },
                "--only" when i + 1 < args.Length && Parts.Contains(args[i + 1]) => options with { Only = args[++i] },
                _ => throw new ArgumentException($"command line: '{string.Join(' ', args[i..])}'; allowed is {Allowed}"),
            };
        }

        return options;
    }

    /// <summary>Whether a part is to be run.</summary>
    public bool Wants(string part) => Only is null || Only == part;
}
