using System.CommandLine;
using System.Globalization;
using JustRunIt.Hosting.Configuration;

namespace JustRunIt.ProxyNode.StandAlone;

/// <summary>Reads values of the command line; what is wrong is one line, and exit code 2.</summary>
internal static class Values
{
    private const int BadInput = 2;

    /// <summary>Parses and runs a command.</summary>
    public static async Task<int> RunCommandAsync(RootCommand root, string[] args, string name)
    {
        var parsed = root.Parse(args);
        if (parsed.Errors.Count > 0)
        {
            foreach (var error in parsed.Errors)
                await Console.Error.WriteLineAsync(error.Message);
            await Console.Error.WriteLineAsync($"'./justrunit {name} --help' lists what is allowed");
            return BadInput;
        }

        try
        {
            return await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null });
        }
        catch (ConfigurationException e)
        {
            await Console.Error.WriteLineAsync(e.Message);
            return BadInput;
        }
    }

    /// <summary>A duration with its unit, from 1 ms to 1 h; null where the text is none.</summary>
    public static TimeSpan? Duration(string text)
    {
        var unit = text.TrimStart([.. "0123456789."]);
        double? milliseconds = unit switch { "ms" => 1, "s" => 1000, "min" => 60_000, "h" => 3_600_000, _ => null };
        return milliseconds is { } factor
            && double.TryParse(text[..^unit.Length], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
            && number * factor is >= 1 and <= 3_600_000
                ? TimeSpan.FromMilliseconds(number * factor)
                : null;
    }

    /// <summary>The value of an option, read; null when it is not given.</summary>
    /// <exception cref="ConfigurationException">It cannot be read.</exception>
    public static T? Text<T>(ParseResult parsed, Option option, Func<string, T?> read, string allowed) where T : class =>
        parsed.GetResult(option)?.GetValueOrDefault<string?>() is not { } text ? null : read(text) ?? throw Wrong(option, text, allowed);

    /// <summary>The value of an option, read; null when it is not given.</summary>
    /// <exception cref="ConfigurationException">It cannot be read.</exception>
    public static T? Text<T>(ParseResult parsed, Option option, Func<string, T?> read, string allowed) where T : struct =>
        parsed.GetResult(option)?.GetValueOrDefault<string?>() is not { } text ? null : read(text) ?? throw Wrong(option, text, allowed);

    /// <summary>The value of an option; a number within a range.</summary>
    /// <exception cref="ConfigurationException">It is outside.</exception>
    public static double Number<T>(ParseResult parsed, Option<T> option, double minimum, double maximum) where T : IConvertible
    {
        var value = parsed.GetValue(option)!.ToDouble(CultureInfo.InvariantCulture);
        return value >= minimum && value <= maximum
            ? value
            : throw Wrong(option, string.Create(CultureInfo.InvariantCulture, $"{value}"), string.Create(CultureInfo.InvariantCulture, $"a number from {minimum} to {maximum}"));
    }

    /// <summary>What is wrong with an option, and what is allowed.</summary>
    public static ConfigurationException Wrong(Option option, string text, string allowed) =>
        new($"command line: {option.Name}: '{text}'; allowed is {allowed}");
}
