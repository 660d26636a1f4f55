using System.Globalization;
using System.Text.Json;
using Serilog.Events;

namespace JustRunIt.Hosting.Logging.Reading;

/// <summary>One line of a log file.</summary>
/// <param name="At">When it was logged.</param>
/// <param name="Level">Its level.</param>
/// <param name="Service">The process' name; empty where the line bears none.</param>
/// <param name="ProcessId">The process' id; 0 where the line bears none.</param>
/// <param name="Message">The message, and the first line of the exception, on one line.</param>
/// <param name="CorrelationId">What it belongs to; null when nothing was handled.</param>
/// <param name="Json">The whole line, as it stands in the file.</param>
public sealed record LogEntry(
    DateTimeOffset At, LogEventLevel Level, string Service, int ProcessId, string Message, Guid? CorrelationId, string Json)
{
    /// <summary>Reads a line; null where it is none, for example because the process died while it wrote.</summary>
    public static LogEntry? TryParse(string line)
    {
        ArgumentNullException.ThrowIfNull(line);
        try
        {
            using var document = JsonDocument.Parse(line);
            var root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object
                || !DateTimeOffset.TryParse(Text(root, "@t"), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at))
            {
                return null;
            }

            var level = LogEventLevel.Information;
            if (Text(root, "@l") is { Length: > 0 } name && !LogSettings.TryParseLevel(name, out level))
                return null;
            return new LogEntry(
                at.ToUniversalTime(),
                level,
                OneLine.Of(Text(root, LogProperties.Service) ?? ""),
                root.TryGetProperty(LogProperties.ProcessId, out var id) && id.TryGetInt32(out var process) ? process : 0,
                MessageOf(root),
                Guid.TryParse(Text(root, LogProperties.CorrelationId), out var correlation) ? correlation : null,
                line);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>For people: UTC time, process, level, message, correlation.</summary>
    public override string ToString()
    {
        var correlation = CorrelationId is { } id ? $" [{id}]" : "";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{At:yyyy-MM-dd HH:mm:ss.fff} {Service,-14} {LineFormatter.ShortLevel(Level)} {Message}{correlation}");
    }

    private static string MessageOf(JsonElement root)
    {
        var message = OneLine.Of(Text(root, "@m") ?? Text(root, "@mt") ?? "");
        // The exception's type and message stand before the first line that begins with "   at".
        if (Text(root, "@x") is not { Length: > 0 } exception)
            return message;
        var first = exception.Split('\n')[0].Trim();
        var said = first[(first.IndexOf(": ", StringComparison.Ordinal) is >= 0 and var colon ? colon + 2 : 0)..];
        return message.Contains(OneLine.Of(said), StringComparison.Ordinal) ? message : $"{message}: {OneLine.Of(first)}";
    }

    private static string? Text(JsonElement root, string name) =>
        root.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
