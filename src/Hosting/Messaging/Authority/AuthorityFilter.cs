using JustRunIt.Events.Messaging;
using JustRunIt.Hosting.Logging;
using MassTransit;
using Microsoft.Extensions.Logging;

namespace JustRunIt.Hosting.Messaging.Authority;

/// <summary>
/// Before a message is acted on: whether its sender, whom the broker has checked, may say it. What may not be said is counted, told in
/// a line, and goes to the error queue with the reason.
/// </summary>
internal sealed partial class AuthorityFilter(
    Type message, Func<ConsumeContext, object?> read, BrokerIdentity identity, RefusalMeter meter, ILogger<AuthorityFilter> logger)
    : IFilter<ConsumeContext>
{
    public Task Send(ConsumeContext context, IPipe<ConsumeContext> next)
    {
        if (identity.Self is null)
            return next.Send(context);
        var delivery = context.ReceiveContext.TryGetPayload<RabbitMqBasicConsumeContext>(out var basic) ? basic.Properties : null;
        var user = string.IsNullOrEmpty(delivery?.UserId) ? null : delivery.UserId;
        var why = identity.WhyNot(message, user, MessageTrace.Text(context.ReceiveContext, MessageHeaders.UserHeader), out var speaker)
            // Read only once it is known that its sender may say such a thing.
            ?? (read(context) is { } said ? speaker!.WhyNot(said) ?? identity.WhyNotHere(said) : null);
        if (why is null)
        {
            // For whoever must know which of several that have a role it was.
            if (speaker is not null)
                context.GetOrAddPayload(() => speaker);
            return next.Send(context);
        }

        meter.Count(message, speaker);
        var words = OneLine.Of(why.Length > 300 ? why[..300] : why);
        Log.Refused(logger, Wire.NameOf(message), OneLine.Of(user ?? "nobody"), words);
        throw new NotAuthorizedException(words);
    }

    public void Probe(ProbeContext context) => context.CreateFilterScope("authority");

    private static partial class Log
    {
        [LoggerMessage(EventId = 1040, Level = LogLevel.Warning, Message = "{Name} from {User} is refused: {Reason}")]
        public static partial void Refused(ILogger logger, string name, string user, string reason);
    }
}
