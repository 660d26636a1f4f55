using System.Globalization;
using JustRunIt.Events.Messaging;
using JustRunIt.Hosting.Logging;
using MassTransit;
using MassTransit.Context;
using MassTransit.RabbitMqTransport;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;

namespace JustRunIt.Hosting.Messaging;

/// <summary>
/// A message that cannot be handled for an outage waits in a queue rather than here: the broker closes the channel of a consumer that
/// keeps a message for longer than its consumer time-out (30 minutes by default), and would deliver all of its messages anew. It goes
/// to a queue whose messages expire after the delay and then come back to the reader's own exchange; how often it went is in a header.
/// One that is heard in order, one at a time, is kept in hand first, for less than the broker's patience: others would overtake it.
/// </summary>
internal sealed partial class RedeliveryFilter(
    string queue, Type message, bool isKept, string user, RetryRules rules, Outage outage, ILogger<RedeliveryFilter> logger)
    : IFilter<ConsumeContext>
{
    private static readonly TimeSpan PauseInHand = TimeSpan.FromSeconds(1);

    private readonly HashSet<TimeSpan> declared = [];
    private readonly Lock gate = new();

    public async Task Send(ConsumeContext context, IPipe<ConsumeContext> next)
    {
        var redeliveries = MessageHeaders.RedeliveriesOf(context.ReceiveContext);
        try
        {
            await SendAsync(context, next).ConfigureAwait(false);
            outage.End();
        }
        catch (Exception e) when (rules.IsOutage(e) && !context.CancellationToken.IsCancellationRequested
            && rules.Redelivery.DelayAfter(redeliveries) is not null)
        {
            await DelayAsync(context.ReceiveContext, redeliveries, rules.Redelivery.DelayAfter(redeliveries)!.Value).ConfigureAwait(false);
            outage.Met(e);
            if (!logger.IsEnabled(LogLevel.Debug))
                return;
            using var pushed = MessageTrace.Of(context).PushTo(message);
            Log.Delayed(logger, Wire.NameOf(message), redeliveries + 1, OneLine.Of(e));
        }
    }

    public void Probe(ProbeContext context) => context.CreateFilterScope("redelivery");

    private async Task SendAsync(ConsumeContext context, IPipe<ConsumeContext> next)
    {
        var began = TimeProvider.System.GetTimestamp();
        while (true)
        {
            try
            {
                await next.Send(new Quiet(context, rules)).ConfigureAwait(false);
                return;
            }
            catch (Exception e) when (isKept && rules.IsOutage(e) && !context.CancellationToken.IsCancellationRequested
                && TimeProvider.System.GetElapsedTime(began) < RetryRules.LongestInHand)
            {
                outage.Met(e);
            }

            await Task.Delay(PauseInHand, context.CancellationToken).ConfigureAwait(false);
        }
    }

    private async Task DelayAsync(ReceiveContext context, int redeliveries, TimeSpan delay)
    {
        if (!context.TryGetPayload(out ChannelContext? channel)
            || !context.TryGetPayload(out RabbitMqBasicConsumeContext? delivery))
        {
            throw new InvalidOperationException("The message was not delivered by RabbitMQ.");
        }

        var name = Names.DelayQueue(queue, delay);
        await DeclareAsync(context, channel, name, delay).ConfigureAwait(false);
        var properties = MessageHeaders.PutBackBy(user, delivery.Properties);
        properties.DeliveryMode = DeliveryModes.Persistent;
        properties.Expiration = null;
        properties.Headers![MessageHeaders.RedeliveryHeader] = redeliveries + 1;
        try
        {
            await channel.BasicPublishAsync(name, "", true, properties, context.GetBody(), true, context.CancellationToken)
                .ConfigureAwait(false);
        }
        catch
        {
            lock (gate)
                declared.Remove(delay);
            throw;
        }

        context.GetOrAddPayload(() => new MovedAway());
    }

    /// <summary>Declared when it is first needed: most readers never do.</summary>
    private async Task DeclareAsync(ReceiveContext context, ChannelContext channel, string name, TimeSpan delay)
    {
        lock (gate)
        {
            if (declared.Contains(delay))
                return;
        }

        await channel.ExchangeDeclare(name, ExchangeType.Fanout, true, false, new Dictionary<string, object>(), context.CancellationToken)
            .ConfigureAwait(false);
        await channel.QueueDeclare(name, true, false, false, new Dictionary<string, object>
        {
            ["x-queue-type"] = "quorum",
            ["x-message-ttl"] = (long)delay.TotalMilliseconds,
            ["x-dead-letter-exchange"] = queue,
            // What has expired is gone only once the reader's queue has it.
            ["x-dead-letter-strategy"] = "at-least-once",
            ["x-overflow"] = "reject-publish",
        }, context.CancellationToken).ConfigureAwait(false);
        await channel.QueueBind(name, name, "", new Dictionary<string, object>(), context.CancellationToken)
            .ConfigureAwait(false);
        lock (gate)
            declared.Add(delay);
    }

    /// <summary>A failure after which the message is delivered again is no fault that anybody is told of.</summary>
    private sealed class Quiet(ConsumeContext context, RetryRules rules) : ConsumeContextProxy(context)
    {
        public override Task NotifyFaulted<T>(ConsumeContext<T> context, TimeSpan duration, string consumerType, Exception exception) =>
            rules.IsOutage(exception) && rules.Redelivery.DelayAfter(MessageHeaders.RedeliveriesOf(context.ReceiveContext)) is not null
                ? Task.CompletedTask
                : base.NotifyFaulted(context, duration, consumerType, exception);
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 1016, Level = LogLevel.Debug, Message = "{Name} is delivered again later ({Redelivery}): {Reason}")]
        public static partial void Delayed(ILogger logger, string name, int redelivery, string reason);
    }
}
