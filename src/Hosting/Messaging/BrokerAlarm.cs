using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;
using JustRunIt.Hosting.Logging;
using MassTransit;
using MassTransit.RabbitMqTransport;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;

namespace JustRunIt.Hosting.Messaging;

/// <summary>
/// Tells when the broker takes nothing of what this process publishes, for want of memory or disk, with its reason, and when it takes
/// messages again: a line each, and a gauge meanwhile. The broker tells a connection of its alarm when that publishes
/// (<c>connection.blocked</c>, RabbitMQ documentation, Blocked Connection Notifications).
/// </summary>
internal sealed partial class BrokerAlarm : IFilter<ChannelContext>, IDisposable
{
    /// <summary>Name of the meter.</summary>
    public const string MeterName = "JustRunIt.Broker";

    private readonly ILogger<BrokerAlarm> logger;
    private readonly Meter meter = new(MeterName);
    private readonly ConditionalWeakTable<IConnection, object> heard = new();
    private readonly HashSet<object> blocked = new(ReferenceEqualityComparer.Instance);
    private readonly Lock gate = new();

    /// <summary>Nothing is known yet.</summary>
    public BrokerAlarm(ILogger<BrokerAlarm> logger)
    {
        this.logger = logger;
        meter.CreateObservableGauge(
            "justrunit.bus.blocked",
            () => IsBlocked ? 1 : 0,
            null,
            "1 while the broker takes nothing of what this process publishes, for want of memory or disk.");
    }

    /// <summary>Whether the broker takes nothing.</summary>
    public bool IsBlocked
    {
        get
        {
            lock (gate)
                return blocked.Count > 0;
        }
    }

    /// <summary>Listens to the connection of a channel, once; the bus has one for all of its channels.</summary>
    public Task Send(ChannelContext context, IPipe<ChannelContext> next)
    {
        var connection = context.ConnectionContext.Connection;
        if (heard.TryAdd(connection, this))
        {
            connection.ConnectionBlockedAsync += (_, told) => Tell(() => Changed(connection, told.Reason));
            connection.ConnectionUnblockedAsync += (_, _) => Tell(() => Changed(connection, null));
            connection.ConnectionShutdownAsync += (_, _) => Tell(() => Ended(connection));
        }

        return next.Send(context);
    }

    /// <summary>The broker takes nothing of what a connection publishes for the given reason, or takes it again (null).</summary>
    public void Changed(object connection, string? reason)
    {
        lock (gate)
        {
            var isFirst = blocked.Count == 0;
            if (reason is not null)
            {
                if (blocked.Add(connection) && isFirst)
                    Log.Blocked(logger, OneLine.Of(reason));
            }
            else if (blocked.Remove(connection) && blocked.Count == 0)
            {
                Log.Unblocked(logger);
            }
        }
    }

    /// <summary>A connection is no more; whether the broker takes anything, the next one finds out.</summary>
    public void Ended(object connection)
    {
        lock (gate)
            blocked.Remove(connection);
    }

    /// <inheritdoc />
    public void Probe(ProbeContext context) => context.CreateFilterScope("alarm");

    /// <inheritdoc />
    public void Dispose() => meter.Dispose();

    private static Task Tell(Action what)
    {
        what();
        return Task.CompletedTask;
    }

    private static partial class Log
    {
        [LoggerMessage(
            EventId = 1042, Level = LogLevel.Warning, Message = "the broker takes nothing, and what is published waits: {Reason}")]
        public static partial void Blocked(ILogger logger, string reason);

        [LoggerMessage(EventId = 1043, Level = LogLevel.Information, Message = "the broker takes messages again")]
        public static partial void Unblocked(ILogger logger);
    }
}
