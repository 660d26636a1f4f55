using System.CommandLine;
using System.Globalization;
using JustRunIt.Console.Supervision;
using JustRunIt.Hosting.Configuration;
using JustRunIt.Hosting.Logging;
using JustRunIt.Hosting.Logging.Reading;

namespace JustRunIt.Console.Logs;

/// <summary><c>justrunit logs</c>: the log lines of all processes, in order of time.</summary>
internal static class LogsCommand
{
    private const int NothingThere = 1;

    /// <summary>The command.</summary>
    public static Command Create()
    {
        var correlation = new Option<string?>("--correlation")
        {
            Description = "only what one trigger led to: a correlation id, or its first characters",
            HelpName = "ID",
        };
        var follow = new Option<bool>("--follow", "-f") { Description = "go on with what is logged from now on, until Ctrl-C" };
        var level = new Option<string>("--level")
        {
            Description = $"the least level: {LogSettings.AllowedLevels}",
            HelpName = "LEVEL",
            DefaultValueFactory = _ => "Verbose",
        };
        var since = new Option<string?>("--since")
        {
            Description = "from when on: so long ago, such as 10min, or a time in UTC, such as 2026-01-31T12:00:00Z or 12:00",
            HelpName = "TIME",
        };
        var json = new Option<bool>("--json")
        {
            Description = "whole lines with all properties, as they stand in the files (compact log event format)",
        };
        var command = new Command("logs", "the log lines of all processes of this machine, in order of time")
        {
            correlation,
            follow,
            level,
            since,
            json,
        };
        command.SetAction((parsed, cancellation) => RunAsync(
            new LogFilter(
                CorrelationOf(parsed.GetValue(correlation)),
                LogSettings.TryParseLevel(parsed.GetValue(level)!, out var least)
                    ? least
                    : throw Wrong("--level", parsed.GetValue(level)!, LogSettings.AllowedLevels),
                SinceOf(parsed.GetValue(since), TimeProvider.System.GetUtcNow())),
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
            return NothingThere;
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

    private static string? CorrelationOf(string? text) =>
        text is null ? null
        : text.Length is > 0 and <= 36 && text.All(c => char.IsAsciiHexDigit(c) || c == '-') ? text.ToLowerInvariant()
        : throw Wrong("--correlation", text, "a correlation id, or its first characters: hexadecimal digits and hyphens");

    private static DateTimeOffset SinceOf(string? text, DateTimeOffset now)
    {
        if (text is null)
            return default;
        if (Durations.TryParse(text, out var ago))
            return ago < now - DateTimeOffset.MinValue ? now - ago : default;
        if (TimeOnly.TryParseExact(text, ["HH:mm", "HH:mm:ss"], CultureInfo.InvariantCulture, DateTimeStyles.None, out var time))
            return new DateTimeOffset(DateOnly.FromDateTime(now.UtcDateTime), time, TimeSpan.Zero);
        return text.Contains('-', StringComparison.Ordinal)
            && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at)
                ? at
                : throw Wrong("--since", text, $"{Durations.Allowed}, or a time in UTC, such as 2026-01-31T12:00:00Z or 12:00");
    }

    private static ConfigurationException Wrong(string option, string text, string allowed) =>
        new($"command line: {option}: '{text}'; allowed is {allowed}");
}
