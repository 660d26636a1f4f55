using MassTransit;

namespace JustRunIt.Hosting.Messaging.Authority;

/// <summary>Says to the broker in whose name a message is sent; the broker refuses it unless that is who has logged in.</summary>
internal sealed class UserFilter(string user) : OutgoingFilter("user")
{
    protected override void Mark(SendContext context)
    {
        if (context.TryGetPayload<RabbitMqSendContext>(out var sent))
            sent.BasicProperties.UserId = user;
    }
}
