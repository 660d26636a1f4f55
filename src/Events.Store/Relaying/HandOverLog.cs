using JustRunIt.Events.Messaging;
using JustRunIt.Events.Timers;
using JustRunIt.Hosting.Messaging;
using Microsoft.Extensions.Logging;

namespace JustRunIt.Events.Store.Relaying;

/// <summary>
/// What the relay hands to the broker: events at Debug, since whoever appended them has told of them; commands, which begin here, and
/// timers at Information.
/// </summary>
internal static partial class HandOverLog
{
    /// <summary>An event, or a command that follows from one.</summary>
    public static void Message(ILogger logger, OutgoingMessage message)
    {
        // Of a timer more is known elsewhere.
        if (message.Type == typeof(TimerElapsed) || !logger.IsEnabled(message.Queue is null ? LogLevel.Debug : LogLevel.Information))
            return;
        using var pushed = MessageTrace.Of(message.Headers).PushTo(message.Type);
        if (message.Queue is { } queue)
            Sent(logger, message.WireName, queue, message.Headers.Stream!, message.Headers.StreamVersion);
        else
            Relayed(logger, message.WireName, message.Headers.Stream!, message.Headers.StreamVersion);
    }

    /// <summary>A timer that is due.</summary>
    public static void Timer(ILogger logger, TimerElapsed timer, in MessageHeaders headers)
    {
        if (!logger.IsEnabled(LogLevel.Information))
            return;
        using var pushed = MessageTrace.Of(headers).PushTo(typeof(TimerElapsed));
        Elapsed(logger, timer.Kind.ToString(), timer.Stream);
    }

    [LoggerMessage(EventId = 1103, Level = LogLevel.Debug, Message = "relayed {Name} of {EventStream} at {EventVersion}")]
    private static partial void Relayed(ILogger logger, string name, string eventStream, long eventVersion);

    [LoggerMessage(EventId = 1104, Level = LogLevel.Information,
        Message = "sent {Name} to {Queue}, which follows from {EventStream} at {EventVersion}")]
    private static partial void Sent(ILogger logger, string name, string queue, string eventStream, long eventVersion);

    [LoggerMessage(EventId = 1105, Level = LogLevel.Information, Message = "timer {Kind} of {EventStream} is due")]
    private static partial void Elapsed(ILogger logger, string kind, string eventStream);
}
