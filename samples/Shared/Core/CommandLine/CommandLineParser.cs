using System.Text;

namespace JustRunIt.Samples.Core.CommandLine;

/// <summary>Parses <c>--name value</c> pairs against a closed list of options; anything else is refused.</summary>
public sealed class CommandLineParser(string program, string purpose, IReadOnlyList<Option> options, string notes = "")
{
    /// <summary>Whether the arguments ask for help rather than for a run.</summary>
    public static bool AsksForHelp(IReadOnlyList<string> arguments) => arguments.Any(a => a is "--help" or "-h");

    /// <summary>The complete help text.</summary>
    public string Help
    {
        get
        {
            var text = new StringBuilder().AppendLine($"{program}: {purpose}").AppendLine().AppendLine("Options:");
            foreach (var option in options)
            {
                var extra = option.IsRequired ? " (required)" : option.Default is { Length: > 0 } ? $" (default {option.Default})" : "";
                text.AppendLine($"  {option.Name + " " + option.Value,-26} {option.Description}{extra}");
            }

            text.AppendLine($"  {"--help",-26} shows this text");
            return notes.Length == 0 ? text.ToString() : text.AppendLine().AppendLine(notes).ToString();
        }
    }

    /// <summary>Reads the arguments.</summary>
    /// <exception cref="UsageException">An option is unknown, given twice, without a value, or missing though required.</exception>
    public Arguments Parse(IReadOnlyList<string> arguments)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        for (var i = 0; i < arguments.Count; i += 2)
        {
            var name = arguments[i];
            if (options.All(o => o.Name != name))
                throw new UsageException($"{name}: unknown option; allowed are {string.Join(", ", options.Select(o => o.Name))}, --help");
            if (i + 1 >= arguments.Count)
                throw new UsageException($"{name}: value missing");
            if (!values.TryAdd(name, arguments[i + 1]))
                throw new UsageException($"{name}: given twice");
        }

        foreach (var option in options)
        {
            if (option.IsRequired && !values.ContainsKey(option.Name))
                throw new UsageException($"{option.Name}: required ({option.Description})");
            if (option.Default is not null)
                values.TryAdd(option.Name, option.Default);
        }

        return new Arguments(values);
    }
}
