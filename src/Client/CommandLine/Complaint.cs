using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Parsing;

namespace JustRunIt.Client.CommandLine;

/// <summary>What is wrong with a command line, as one line that names the option, its value, and what is allowed.</summary>
internal static class Complaint
{
    private const string Prefix = "command line: ";

    /// <summary>The line for the first of its errors.</summary>
    public static string About(ParseResult parsed)
    {
        var command = parsed.CommandResult.Command;
        return parsed.UnmatchedTokens is [var unknown, ..] ? $"{Prefix}{command.Name}: '{unknown}'; allowed is {Allowed(command)}"
            : MissingValue(parsed) ?? MissingOption(parsed) ?? MissingArgument(parsed) ?? Told(parsed.Errors[0].Message, command);
    }

    /// <summary>The line for a value.</summary>
    public static string About(string option, string value, string allowed) => $"{Prefix}{option}: '{value}'; allowed is {allowed}";

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
