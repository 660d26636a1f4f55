using System.Diagnostics;
using JustRunIt.Events.Hosts;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Sla;
using MassTransit;
using Microsoft.Extensions.Logging;

namespace JustRunIt.Hosting.Messaging;

/// <summary>
/// Around each message's consumer and its retries: every log line written inside bears where the message comes from, and one line
/// says that it was handled. What comes all the time by itself is told at Debug.
/// </summary>
internal sealed partial class HandlingFilter(Type message, ILogger<HandlingFilter> logger) : IFilter<ConsumeContext>
{
    private static readonly HashSet<Type> Periodic = [typeof(ResponseTimesMeasured), typeof(PowerMeasured)];

    private readonly string name = Wire.NameOf(message);
    private readonly LogLevel level = Periodic.Contains(message) ? LogLevel.Debug : LogLevel.Information;

    public async Task Send(ConsumeContext context, IPipe<ConsumeContext> next)
    {
        var trace = MessageTrace.Of(context);
        using var pushed = trace.PushTo(message);
        if (trace.Malformed is { } malformed)
            Log.Malformed(logger, malformed);
        var begin = Stopwatch.GetTimestamp();
        await next.Send(context).ConfigureAwait(false);
        if (logger.IsEnabled(level))
            Log.Handled(logger, level, name, Stopwatch.GetElapsedTime(begin).TotalMilliseconds);
    }

    public void Probe(ProbeContext context) => context.CreateFilterScope("handling");

    private static partial class Log
    {
        [LoggerMessage(EventId = 1010, Message = "handled {Name} in {Milliseconds:0.0} ms")]
        public static partial void Handled(ILogger logger, LogLevel level, string name, double milliseconds);

        [LoggerMessage(EventId = 1011, Level = LogLevel.Warning, Message = "{Malformed}")]
        public static partial void Malformed(ILogger logger, string malformed);
    }
}
