using System.Collections;
using JustRunIt.Hosting.Configuration;
using Serilog.Events;

namespace JustRunIt.Hosting.Logging;

/// <summary>What a process logs, and where to.</summary>
/// <param name="Folder">Folder of the log files; null: none are written.</param>
/// <param name="Level">The least level of every source that has none of its own.</param>
/// <param name="Levels">The least level of a source and of all below it, by the source's name.</param>
public sealed record LogSettings(string? Folder, LogEventLevel Level, IReadOnlyDictionary<string, LogEventLevel> Levels)
{
    /// <summary>The levels that a setting may name, from the least.</summary>
    public const string AllowedLevels = "Verbose, Debug, Information, Warning, Error or Fatal";

    private const string OfOneSource = $"{EnvironmentVariables.LogLevel}__";

    private static readonly Dictionary<string, LogEventLevel> Libraries = new()
    {
        ["MassTransit"] = LogEventLevel.Warning,
        ["Microsoft"] = LogEventLevel.Warning,
        ["Npgsql"] = LogEventLevel.Warning,
        // A message that failed is told by us, once, with its reason: see FaultLog and RetryLog.
        ["MassTransit.ReceiveTransport"] = LogEventLevel.Fatal,
        ["MassTransit.Messages"] = LogEventLevel.Fatal,
        // What ends a process is told by ServiceProgram.
        ["Microsoft.Extensions.Hosting.Internal.Host"] = LogEventLevel.Fatal + 1,
        // Marten logs the loser of every optimistic race as a failure; the consumer's retry deals with it.
        ["Marten"] = LogEventLevel.Fatal,
    };

    /// <summary>No files, and the levels that serve an operator.</summary>
    public static LogSettings Default { get; } = new(null, LogEventLevel.Information, Libraries);

    /// <summary>Reads the settings from the environment.</summary>
    /// <exception cref="ConfigurationException">A variable is malformed.</exception>
    public static LogSettings FromEnvironment()
    {
        var levels = new Dictionary<string, LogEventLevel>(Libraries);
        var level = LogEventLevel.Information;
        foreach (DictionaryEntry pair in Environment.GetEnvironmentVariables())
        {
            var name = (string)pair.Key;
            if (pair.Value is not string { Length: > 0 } value)
                continue;
            if (name == EnvironmentVariables.LogLevel)
                level = LevelOf(name, value);
            else if (name.StartsWith(OfOneSource, StringComparison.Ordinal))
                levels[name[OfOneSource.Length..].Replace("__", ".", StringComparison.Ordinal)] = LevelOf(name, value);
        }

        var folder = Environment.GetEnvironmentVariable(EnvironmentVariables.Logs);
        return new LogSettings(string.IsNullOrEmpty(folder) ? null : Path.GetFullPath(folder), level, levels);
    }

    /// <summary>Reads a level by its name, whatever its case.</summary>
    public static bool TryParseLevel(string text, out LogEventLevel level) =>
        Enum.TryParse(text, ignoreCase: true, out level) && Enum.IsDefined(level) && !char.IsAsciiDigit(text[0]);

    private static LogEventLevel LevelOf(string variable, string value) => TryParseLevel(value, out var level)
        ? level
        : throw new ConfigurationException($"environment: {variable}: '{value}'; allowed is {AllowedLevels}");
}
