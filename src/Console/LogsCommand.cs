using System.CommandLine;
using JustRunIt.Client.CommandLine;
using JustRunIt.Client.Supervision;
using JustRunIt.Events.Telling;
using JustRunIt.Hosting.Configuration;
using JustRunIt.Hosting.Logging;
using JustRunIt.Hosting.Logging.Reading;
using Serilog.Events;

namespace JustRunIt.Console;

/// <summary><c>justrunit logs</c>: the log lines of all processes, in order of time.</summary>
internal static class LogsCommand
{
    /// <summary>The command.</summary>
    public static Command Create()
    {
        var correlation = CheckedOption.Create<string>(
            "--correlation",
            "ID",
            "only what one trigger led to: a correlation id, or its first characters",
            "a correlation id, or its first characters: hexadecimal digits and hyphens",
            TryReadCorrelation);
        var follow = new Option<bool>("--follow", "-f") { Description = "go on with what is logged from now on, until Ctrl-C" };
        var level = CheckedOption.Create<LogEventLevel?>(
            "--level", "LEVEL", $"the least level: {LogSettings.AllowedLevels} (default: all)", LogSettings.AllowedLevels, TryReadLevel);
        var since = CheckedOption.Create<DateTimeOffset?>(
            "--since",
            "TIME",
            "from when on: so long ago, such as 10min, or a time in UTC, such as 2026-01-31T12:00:00Z or 12:00",
            Times.Allowed,
            Times.TryRead);
        var json = new Option<bool>("--json")
        {
            Description = "whole lines with all properties, as they stand in the files (compact log event format)",
        };
        var command = new ExampleCommand(
            "logs", "the log lines of all processes of this machine, in order of time", "./justrunit logs --since 10min --level Warning")
        {
            correlation,
            follow,
            level,
            since,
            json,
        };
        command.SetAction((parsed, cancellation) => RunAsync(
            new LogFilter(
                parsed.GetValue(correlation), parsed.GetValue(level) ?? LogEventLevel.Verbose, parsed.GetValue(since) ?? default),
            parsed.GetValue(follow),
            parsed.GetValue(json),
            cancellation));
        return command;
    }

    private static async Task<int> RunAsync(LogFilter filter, bool isFollowed, bool isJson, CancellationToken cancellation)
    {
        var reader = new LogReader(Programs.LogFolder, filter);
        if (isFollowed)
        {
            await foreach (var entry in reader.FollowAsync(TimeProvider.System, cancellation))
                Write(entry);
            return 0;
        }

        if (!Directory.Exists(Programs.LogFolder))
        {
            await System.Console.Error.WriteLineAsync(
                $"{Programs.LogFolder}: there are no logs; './justrunit up' and './justrunit demo' write some");
            return CommandProgram.Failed;
        }

        foreach (var entry in reader.ReadAll())
        {
            cancellation.ThrowIfCancellationRequested();
            Write(entry);
        }

        if (reader.Unreadable > 0)
            await System.Console.Error.WriteLineAsync($"{reader.Unreadable} lines are no log lines and are left out");
        return 0;

        void Write(LogEntry entry) => System.Console.WriteLine(isJson ? entry.Json : entry.ToString());
    }

    private static bool TryReadCorrelation(string text, out string id)
    {
        id = text.ToLowerInvariant();
        return text.Length is > 0 and <= 36 && text.All(c => char.IsAsciiHexDigit(c) || c == '-');
    }

    private static bool TryReadLevel(string text, out LogEventLevel? level)
    {
        level = LogSettings.TryParseLevel(text, out var least) ? least : null;
        return level is not null;
    }
}
