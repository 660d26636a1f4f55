using JustRunIt.Client.Supervision;

namespace JustRunIt.Bench.Fidelity;

/// <summary>Command line of the benchmark.</summary>
internal sealed record Options(Plan Plan, string? Json, string Plot)
{
    /// <summary>Reads it.</summary>
    /// <exception cref="ArgumentException">Something is not allowed; the message says what is.</exception>
    public static Options Parse(IReadOnlyList<string> arguments)
    {
        var options = new Options(Plan.Full, null, Path.Combine(Programs.LocalFolder, "fidelity", "fidelity.png"));
        for (var i = 0; i < arguments.Count; i++)
        {
            options = (arguments[i], i + 1 < arguments.Count ? arguments[i + 1] : null) switch
            {
                ("--quick", _) => options with { Plan = Plan.Quick },
                ("--json", { } file) => options with { Json = file },
                ("--plot", { } file) => options with { Plot = file },
                var (name, _) => throw new ArgumentException($"command line: '{name}'; allowed are --quick, --json FILE and --plot FILE"),
            };
            i += arguments[i] == "--quick" ? 0 : 1;
        }

        return options;
    }
}
