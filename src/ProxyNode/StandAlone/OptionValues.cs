using System.CommandLine;
using System.Globalization;
using JustRunIt.Hosting;
using JustRunIt.Hosting.Configuration;

namespace JustRunIt.ProxyNode.StandAlone;

/// <summary>Reads the values of a command line's options, and runs the command; what is wrong is one line, and exit code 2.</summary>
internal static class OptionValues
{
    private const int BadInput = 2;

    /// <summary>Parses and runs a command.</summary>
    /// <param name="root">The command.</param>
    /// <param name="args">Its arguments.</param>
    /// <param name="name">By which the user calls it.</param>
    /// <param name="example">A whole command line after that name, for its help.</param>
    public static async Task<int> RunCommandAsync(RootCommand root, string[] args, string name, string example)
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
            var exitCode = await parsed.InvokeAsync(
                new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null });
            if (parsed.Action is System.CommandLine.Help.HelpAction)
                await Console.Out.WriteLineAsync(
                    $"Example:\n  ./justrunit {name} {example}\n\nExit codes: 0 ended orderly, 1 failure, 2 bad input.");
            return exitCode;
        }
        catch (ConfigurationException e)
        {
            await Console.Error.WriteLineAsync(e.Message);
            return BadInput;
        }
    }

    /// <summary>Whether an option was given, with or without a value.</summary>
    public static bool IsGiven(ParseResult parsed, Option option) => parsed.GetResult(option) is { Implicit: false };

    /// <summary>The value of an option as it was given, or left out.</summary>
    public static string? Text(ParseResult parsed, Option option) =>
        parsed.GetResult(option) is { Tokens: [var token, ..] } ? token.Value : null;

    /// <summary>A duration within a range; null when it is not given.</summary>
    /// <exception cref="ConfigurationException">It is none, or outside.</exception>
    public static TimeSpan? Duration(ParseResult parsed, Option<string?> option, TimeSpan minimum, TimeSpan maximum) => Value<TimeSpan?>(
        parsed,
        option,
        text => Durations.TryParse(text, out var duration) && duration >= minimum && duration <= maximum ? duration : null,
        $"a duration with its unit (ms, s, min, h) from {Durations.Show(minimum)} to {Durations.Show(maximum)}");

    /// <summary>An address of an allowed kind; null when it is not given.</summary>
    /// <exception cref="ConfigurationException">It is none.</exception>
    public static Endpoint? Address(ParseResult parsed, Option<string?> option, EndpointKinds allowed) =>
        Value(parsed, option, text => Endpoint.TryParse(text, allowed, out var endpoint) ? endpoint : null, Endpoint.Allowed(allowed));

    /// <summary>The value of an option, read; null when it is not given.</summary>
    /// <exception cref="ConfigurationException">It cannot be read.</exception>
    public static T? Value<T>(ParseResult parsed, Option<string?> option, Func<string, T?> read, string allowed) =>
        parsed.GetValue(option) is not { } text ? default : read(text) ?? throw Wrong(option, text, allowed);

    /// <summary>The value of an option; a number within a range.</summary>
    /// <exception cref="ConfigurationException">It is outside.</exception>
    public static double Number<T>(ParseResult parsed, Option<T> option, double minimum, double maximum) where T : IConvertible
    {
        var value = parsed.GetValue(option)!.ToDouble(CultureInfo.InvariantCulture);
        return value >= minimum && value <= maximum
            ? value
            : throw Wrong(
                option,
                string.Create(CultureInfo.InvariantCulture, $"{value}"),
                string.Create(CultureInfo.InvariantCulture, $"a number from {minimum} to {maximum}"));
    }

    /// <summary>What is wrong with an option, and what is allowed.</summary>
    public static ConfigurationException Wrong(Option option, string text, string allowed) =>
        new($"command line: {option.Name}: '{text}'; allowed is {allowed}");
}
