namespace JustRunIt.Hosting.Messaging;

/// <summary>What travels beside a message.</summary>
/// <param name="Id">The message's id: an event's own id, so that redelivery is recognized.</param>
/// <param name="CorrelationId">Ties everything that one trigger led to.</param>
/// <param name="At">When it was appended (UTC).</param>
/// <param name="Stream">The stream it comes from; null for timers.</param>
/// <param name="StreamVersion">Its version on that stream.</param>
public readonly record struct MessageHeaders(Guid Id, Guid CorrelationId, DateTimeOffset At, string? Stream, long StreamVersion)
{
    /// <summary>Header of the stream's name.</summary>
    public const string StreamHeader = "justrunit-stream";

    /// <summary>Header of the event's version on its stream.</summary>
    public const string VersionHeader = "justrunit-stream-version";
}
