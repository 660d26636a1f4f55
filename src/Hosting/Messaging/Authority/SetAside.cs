using MassTransit;
using MassTransit.Context;
using MassTransit.RabbitMqTransport;
using RabbitMQ.Client;

namespace JustRunIt.Hosting.Messaging.Authority;

/// <summary>
/// A message on its way to a queue of those that cannot be handled. This process puts it there, and may not do so in its sender's name:
/// the sender goes from the property to a header.
/// </summary>
internal static class SetAside
{
    /// <summary>One that could not be handled.</summary>
    public static ExceptionReceiveContext Of(string user, ExceptionReceiveContext context) => new Failed(user, context);

    /// <summary>One that nobody wanted.</summary>
    public static ReceiveContext Of(string user, ReceiveContext context) => new Unwanted(user, context);

    private class Unwanted(string user, ReceiveContext context) : ReceiveContextProxy(context), ReceiveContext
    {
        bool PipeContext.TryGetPayload<T>(out T payload)
        {
            if (!TryGetPayload(out payload))
                return false;
            if (payload is RabbitMqBasicConsumeContext delivery)
                payload = (T)(object)new Delivery(user, delivery);
            return true;
        }
    }

    private sealed class Failed(string user, ExceptionReceiveContext context) : Unwanted(user, context), ExceptionReceiveContext
    {
        public Exception Exception => context.Exception;

        public DateTime ExceptionTimestamp => context.ExceptionTimestamp;

        public ExceptionInfo ExceptionInfo => context.ExceptionInfo;

        public SendHeaders ExceptionHeaders => context.ExceptionHeaders;
    }

    private sealed class Delivery(string user, RabbitMqBasicConsumeContext delivery) : RabbitMqBasicConsumeContext
    {
        public string Exchange => delivery.Exchange;

        public string ConsumerTag => delivery.ConsumerTag;

        public ulong DeliveryTag => delivery.DeliveryTag;

        public string? RoutingKey => delivery.RoutingKey;

        public IReadOnlyBasicProperties Properties { get; } = MessageHeaders.SetAsideBy(user, delivery.Properties);
    }
}
