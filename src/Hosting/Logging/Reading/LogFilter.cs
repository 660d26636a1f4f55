using Serilog.Events;

namespace JustRunIt.Hosting.Logging.Reading;

/// <summary>Which log lines are wanted.</summary>
/// <param name="Correlation">The beginning of their correlation id, in lower case with hyphens; null: any, or none.</param>
/// <param name="Level">Their least level.</param>
/// <param name="Since">From when on.</param>
public sealed record LogFilter(string? Correlation = null, LogEventLevel Level = LogEventLevel.Verbose, DateTimeOffset Since = default)
{
    /// <summary>Whether a line is wanted.</summary>
    public bool Takes(LogEntry entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        return entry.Level >= Level
            && entry.At >= Since
            && (Correlation is null || entry.CorrelationId?.ToString().StartsWith(Correlation, StringComparison.Ordinal) == true);
    }
}
