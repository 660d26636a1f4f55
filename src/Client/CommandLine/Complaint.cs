using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Parsing;

namespace JustRunIt.Client.CommandLine;

/// <summary>What is wrong with a command line, as one line that names the option, its value, and what is allowed.</summary>
internal static class Complaint
{
    private const string Prefix = "command line: ";

    /// <summary>The line for the first thing that is wrong; null when nothing is, and where help or the version is asked for.</summary>
    public static string? About(ParseResult parsed)
    {
        var command = parsed.CommandResult.Command;
        if (parsed.Errors.Count == 0 && parsed.Action != command.Action)
            return null;
        return parsed.UnmatchedTokens is [var unknown, ..] ? About(command.Name, unknown, Allowed(command))
            : Swallowed(parsed) ?? (parsed.Errors.Count == 0 ? null
                : MissingValue(parsed) ?? MissingOption(parsed) ?? MissingArgument(parsed) ?? Told(parsed.Errors[0].Message, command));
    }

    /// <summary>The line for a value.</summary>
    public static string About(string option, string value, string allowed) => $"{Prefix}{option}: '{value}'; allowed is {allowed}";

    /// <summary>An option that the library took for the value of another one, or for an argument.</summary>
    private static string? Swallowed(ParseResult parsed)
    {
        var command = parsed.CommandResult.Command;
        foreach (var part in parsed.CommandResult.Children)
        {
            var option = part.Tokens.FirstOrDefault(token => token.Value.StartsWith("--", StringComparison.Ordinal))?.Value;
            if (option is not null && part is OptionResult given)
                return $"{Prefix}{given.Option.Name}: missing value; allowed is {given.Option.HelpName}";
            if (option is not null)
                return About(command.Name, option, Allowed(command));
        }

        return null;
    }

    private static string? MissingValue(ParseResult parsed) => parsed.CommandResult.Children
        .OfType<OptionResult>()
        .Where(given => !given.Implicit && given.Tokens.Count < given.Option.Arity.MinimumNumberOfValues)
        .Select(given => $"{Prefix}{given.Option.Name}: missing value; allowed is {given.Option.HelpName}")
        .FirstOrDefault();

    private static string? MissingOption(ParseResult parsed) => parsed.CommandResult.Command.Options
        .Where(option => option.Required && parsed.GetResult(option) is null or { Implicit: true })
        .Select(option => $"{Prefix}{option.Name}: missing; allowed is {option.HelpName}")
        .FirstOrDefault();

    private static string? MissingArgument(ParseResult parsed) => parsed.CommandResult.Command.Arguments
        .Where(argument => argument.Arity.MinimumNumberOfValues > 0 && parsed.GetResult(argument) is null or { Tokens.Count: 0 })
        .Select(argument => $"{Prefix}{argument.Name}: missing; allowed is {argument.Description}")
        .FirstOrDefault();

    /// <summary>Our own words as they are; the library's with the place where to read on.</summary>
    private static string Told(string message, Command command)
    {
        var line = Failure.OneLine(message);
        return line.StartsWith(Prefix, StringComparison.Ordinal) ? line
            : $"{Prefix}{command.Name}: {line.TrimEnd('.')}; allowed is {Allowed(command)}";
    }

    private static string Allowed(Command command)
    {
        var names = command.Subcommands.Select(sub => sub.Name)
            .Concat(command.Arguments.Select(argument => argument.Name))
            .Concat(command.Options.Where(option => option is not (HelpOption or VersionOption)).Select(Shown))
            .Append("--help");
        return string.Join(", ", names);
    }

    private static string Shown(Option option) =>
        option.HelpName is { } value && option.ValueType != typeof(bool) ? $"{option.Name} {value}" : option.Name;
}
