using System.CommandLine;
using System.CommandLine.Help;

namespace JustRunIt.Client.CommandLine;

/// <summary>
/// The whole of a command's <c>Main</c>: parsing, help, version, and exit code. Whatever goes wrong is one line on standard error:
/// exit code 2 for bad input, 1 for a failure, 130 when it was interrupted.
/// </summary>
public static class CommandProgram
{
    /// <summary>Exit code of a failure.</summary>
    public const int Failed = 1;

    /// <summary>Exit code of bad input: command line, environment, configuration file.</summary>
    public const int BadInput = 2;

    private const int Interrupted = 130;
    private const string Script = "./justrunit";
    private static readonly TimeSpan EndPatience = TimeSpan.FromMinutes(1);

    /// <summary>Runs a command that is a program of its own.</summary>
    /// <param name="command">The command.</param>
    /// <param name="args">What comes after its name.</param>
    /// <param name="group">The command of the script that it is one of, such as <c>bench</c>; null for none.</param>
    public static Task<int> RunAsync(ExampleCommand command, IEnumerable<string> args, string? group = null)
    {
        ArgumentNullException.ThrowIfNull(command);
        return group is null
            ? RunAsync([command], [command.Name, .. args])
            : RunAsync([new Command(group) { command }], [group, command.Name, .. args]);
    }

    /// <summary>Runs one of several commands.</summary>
    /// <param name="commands">All of the program.</param>
    /// <param name="args">The command line: the command's name, and what comes after it.</param>
    public static async Task<int> RunAsync(IEnumerable<Command> commands, IReadOnlyList<string> args)
    {
        ArgumentNullException.ThrowIfNull(commands);
        var parsed = Parse(commands, args);
        if (Complaint.About(parsed) is { } complaint)
        {
            await Console.Error.WriteLineAsync(complaint).ConfigureAwait(false);
            return BadInput;
        }

        try
        {
            // Told to end, it first ends what it started.
            return await parsed.InvokeAsync(new InvocationConfiguration
            {
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = EndPatience,
            }).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            return Interrupted;
        }
        catch (Exception e)
        {
            var (exitCode, line) = Failure.Of(e);
            await Console.Error.WriteLineAsync(line).ConfigureAwait(false);
            return exitCode;
        }
    }

    private static ParseResult Parse(IEnumerable<Command> commands, IReadOnlyList<string> args)
    {
        var help = new HelpOption();
        help.Action = new ExampleHelp((HelpAction)help.Action!);
        // A plain command as root: a root command is named after the program's file, and its help would name that.
        var root = new Command(Script, "find by live experiments how much CPU and memory a service needs, and give it that")
        {
            help,
            new VersionOption(),
        };
        foreach (var command in commands)
        {
            root.Subcommands.Add(command);
            foreach (var each in new[] { command }.Concat(command.Subcommands))
                each.Options.Add(new VersionOption());
        }

        // '@' begins a name like any other letter.
        return root.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null, EnablePosixBundling = false });
    }
}
