using System.Globalization;
using JustRunIt.Events.Messaging;
using MassTransit;

namespace JustRunIt.Hosting.Messaging;

/// <summary>Answers to commands.</summary>
public static class Answers
{
    /// <summary>Why a command is not carried out that is too late.</summary>
    /// <param name="end">When it expired.</param>
    public static string Expired(DateTimeOffset end) =>
        string.Create(CultureInfo.InvariantCulture, $"expired: not begun by {end.UtcDateTime:O}, when nobody waited for it any more");

    /// <summary>
    /// Publishes an answer. Its message id follows from the request, so that an answer that is given again is known to be the same.
    /// </summary>
    /// <param name="bus">The delivery of the command, or the bus.</param>
    /// <param name="request">The request.</param>
    /// <param name="answer">The answer.</param>
    /// <param name="cancellation">Gives up.</param>
    public static Task PublishAsync(IPublishEndpoint bus, Guid request, IReport answer, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(bus);
        ArgumentNullException.ThrowIfNull(answer);
        var id = IdOf(request, answer);
        return bus.Publish((object)answer, answer.GetType(), Pipe.Execute<PublishContext>(sent => sent.MessageId = id), cancellation);
    }

    /// <summary>The message id of an answer.</summary>
    internal static Guid IdOf(Guid request, IReport answer) => DeterministicId.From(request, $"answer/{Wire.NameOf(answer.GetType())}");
}
