using System.Diagnostics;
using JustRunIt.Hosting.Logging;
using Microsoft.Extensions.Logging;

namespace JustRunIt.Hosting.Messaging;

/// <summary>
/// Whether a server is known to be away, by what became of the last message that was handled: what comes meanwhile is not tried
/// several times, and one line tells of the outage rather than one a message.
/// </summary>
internal sealed partial class Outage(ILogger<Outage> logger)
{
    private static readonly TimeSpan Again = TimeSpan.FromSeconds(30);
    private readonly Lock gate = new();
    private int waiting;
    private long toldAt;

    /// <summary>Whether the last message failed for an outage.</summary>
    public bool IsKnown => Volatile.Read(ref waiting) > 0;

    /// <summary>A message could not be handled, and waits.</summary>
    public void Met(Exception e)
    {
        lock (gate)
        {
            if (++waiting > 1 && Stopwatch.GetElapsedTime(toldAt) < Again)
                return;
            toldAt = Stopwatch.GetTimestamp();
            Log.Waiting(logger, waiting, OneLine.Of(e));
        }
    }

    /// <summary>A message was handled.</summary>
    public void End()
    {
        if (!IsKnown)
            return;
        lock (gate)
        {
            if (waiting > 0)
                Log.Over(logger, waiting);
            waiting = 0;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(
            EventId = 1013,
            Level = LogLevel.Warning,
            Message = "messages cannot be handled for now, and are delivered again later ({Deliveries} so far): {Reason}")]
        public static partial void Waiting(ILogger logger, int deliveries, string reason);

        [LoggerMessage(
            EventId = 1015,
            Level = LogLevel.Information,
            Message = "messages are handled again; {Deliveries} deliveries had to wait")]
        public static partial void Over(ILogger logger, int deliveries);
    }
}
