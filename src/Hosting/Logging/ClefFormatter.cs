using System.Globalization;
using JustRunIt.Hosting.Secrets;
using Serilog.Events;
using Serilog.Formatting;
using Serilog.Formatting.Display;
using Serilog.Formatting.Json;

namespace JustRunIt.Hosting.Logging;

/// <summary>
/// Compact log event format (https://clef-json.org) with the message as people read it: the library's own writes text inside of a
/// message in quotes.
/// </summary>
internal sealed class ClefFormatter : ITextFormatter
{
    private static readonly MessageTemplateTextFormatter Literally = new("{Message:lj}", CultureInfo.InvariantCulture);
    private static readonly JsonValueFormatter Values = new("$type");

    public void Format(LogEvent logEvent, TextWriter output)
    {
        output.Write("{\"@t\":\"");
        output.Write(logEvent.Timestamp.UtcDateTime.ToString("O", CultureInfo.InvariantCulture));
        output.Write("\",\"@m\":");
        JsonValueFormatter.WriteQuotedJsonString(MessageOf(logEvent), output);
        if (logEvent.Level != LogEventLevel.Information)
        {
            output.Write(",\"@l\":\"");
            output.Write(logEvent.Level);
            output.Write('"');
        }

        if (logEvent.Exception is { } exception)
        {
            output.Write(",\"@x\":");
            JsonValueFormatter.WriteQuotedJsonString(Redaction.Default.Text(exception.ToString()), output);
        }

        foreach (var (name, value) in logEvent.Properties)
        {
            output.Write(',');
            // A property that begins with '@' is doubled: single ones are the format's own.
            JsonValueFormatter.WriteQuotedJsonString(name.StartsWith('@') ? $"@{name}" : name, output);
            output.Write(':');
            Values.Format(value, output);
        }

        output.WriteLine('}');
    }

    /// <summary>A message as people read it.</summary>
    public static string MessageOf(LogEvent logEvent)
    {
        using var text = new StringWriter(CultureInfo.InvariantCulture);
        Literally.Format(logEvent, text);
        return text.ToString();
    }
}
