using System.Globalization;
using Serilog.Events;
using Serilog.Formatting;

namespace JustRunIt.Hosting.Logging;

/// <summary>
/// One line an event for people: UTC time, level, message, the exception in short, and the correlation. Stack traces are in the
/// log files only.
/// </summary>
internal sealed class LineFormatter : ITextFormatter
{
    public void Format(LogEvent logEvent, TextWriter output)
    {
        var message = OneLine.Of(ClefFormatter.MessageOf(logEvent));
        output.Write(logEvent.Timestamp.UtcDateTime.ToString("HH:mm:ss.fff ", CultureInfo.InvariantCulture));
        output.Write(ShortLevel(logEvent.Level));
        output.Write(' ');
        output.Write(message);
        if (logEvent.Exception is { } e && !message.Contains(OneLine.Of(e.Message), StringComparison.Ordinal))
        {
            output.Write(": ");
            output.Write(OneLine.Of(e));
        }

        if (logEvent.Properties.TryGetValue(LogProperties.CorrelationId, out var correlation)
            && correlation is ScalarValue { Value: { } id })
        {
            output.Write(" [");
            output.Write(id);
            output.Write(']');
        }

        output.WriteLine();
    }

    /// <summary>A level in four letters.</summary>
    public static string ShortLevel(LogEventLevel level) => level switch
    {
        LogEventLevel.Verbose => "verb",
        LogEventLevel.Debug => "debg",
        LogEventLevel.Information => "info",
        LogEventLevel.Warning => "warn",
        LogEventLevel.Error => "fail",
        _ => "ftal",
    };
}
