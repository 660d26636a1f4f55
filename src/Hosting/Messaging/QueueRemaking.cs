using JustRunIt.Hosting.Configuration;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace JustRunIt.Hosting.Messaging;

/// <summary>
/// A queue that an older version declared otherwise is made anew, since the broker changes the arguments of none. What waits in it and
/// what comes meanwhile is kept in a second queue, and put back: some of it may come twice, and late, but nothing is lost. Begun again
/// from wherever it was broken off.
/// </summary>
internal static class QueueRemaking
{
    private const int PreconditionFailed = 406;
    private const int ResourceLocked = 405;
    private const int NotFound = 404;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    /// <summary>Makes a queue anew if it has other arguments, or finishes making it. One process at a time does.</summary>
    /// <exception cref="ConfigurationException">Programs of an older version still read from it.</exception>
    public static async Task RemakeAsync(IConnection connection, string queue, string user, CancellationToken cancellation)
    {
        if (!await IsOtherwiseAsync(connection, queue, cancellation).ConfigureAwait(false)
            && !await IsUnfinishedAsync(connection, queue, cancellation).ConfigureAwait(false))
        {
            return;
        }

        while (!await TryAloneAsync(connection, queue, user, cancellation).ConfigureAwait(false))
            await Task.Delay(Pause, cancellation).ConfigureAwait(false);
    }

    /// <summary>Whether a queue is there with other arguments.</summary>
    private static async Task<bool> IsOtherwiseAsync(IConnection connection, string queue, CancellationToken cancellation)
    {
        if (!await IsThereAsync(connection, queue, cancellation).ConfigureAwait(false))
            return false;
        // What the broker refuses ends the channel.
        await using var asking = await connection.CreateChannelAsync(cancellationToken: cancellation).ConfigureAwait(false);
        try
        {
            await Topology.DeclareQueueAsync(asking, queue, cancellation, inOrder: true).ConfigureAwait(false);
            return false;
        }
        catch (OperationInterruptedException e) when (IsOtherwise(e))
        {
            return true;
        }
    }

    /// <summary>Whether making a queue anew was broken off.</summary>
    private static Task<bool> IsUnfinishedAsync(IConnection connection, string queue, CancellationToken cancellation) =>
        IsThereAsync(connection, Kept(queue), cancellation);

    private static bool IsOtherwise(Exception e) => e is OperationInterruptedException { ShutdownReason.ReplyCode: PreconditionFailed };

    private static string Kept(string queue) => $"{queue}.kept";

    private static async Task<bool> TryAloneAsync(IConnection connection, string queue, string user, CancellationToken cancellation)
    {
        await using var turn = await connection.CreateChannelAsync(cancellationToken: cancellation).ConfigureAwait(false);
        var name = $"{queue}.remaking";
        try
        {
            // Whoever has it, by its connection, takes the turn.
            await turn.QueueDeclareAsync(name, durable: false, exclusive: true, autoDelete: true, cancellationToken: cancellation)
                .ConfigureAwait(false);
        }
        catch (OperationInterruptedException e) when (e.ShutdownReason?.ReplyCode == ResourceLocked)
        {
            return false;
        }

        await RemakeInTurnAsync(connection, queue, user, cancellation).ConfigureAwait(false);
        await turn.QueueDeleteAsync(name, cancellationToken: cancellation).ConfigureAwait(false);
        return true;
    }

    private static async Task RemakeInTurnAsync(IConnection connection, string queue, string user, CancellationToken cancellation)
    {
        var kept = Kept(queue);
        if (await IsOtherwiseAsync(connection, queue, cancellation).ConfigureAwait(false))
        {
            await using var channel = await ConfirmingAsync(connection, cancellation).ConfigureAwait(false);
            // Whoever reads from it goes on as before. A quorum queue cannot be deleted on the condition that nobody does.
            if ((await channel.QueueDeclarePassiveAsync(queue, cancellation).ConfigureAwait(false)).ConsumerCount > 0)
            {
                throw new ConfigurationException(
                    $"queue: {queue} is to be made anew, and programs of an older version read from it; stop them first");
            }

            await Topology.DeclareQueueAsync(channel, kept, cancellation).ConfigureAwait(false);
            await channel.ExchangeBindAsync(kept, queue, "", cancellationToken: cancellation).ConfigureAwait(false);
            await channel.QueueUnbindAsync(queue, queue, "", cancellationToken: cancellation).ConfigureAwait(false);
            await MoveAsync(channel, queue, kept, user, cancellation).ConfigureAwait(false);
            await channel.QueueDeleteAsync(queue, cancellationToken: cancellation).ConfigureAwait(false);
        }

        await using var remade = await ConfirmingAsync(connection, cancellation).ConfigureAwait(false);
        await Topology.DeclareQueueAsync(remade, queue, cancellation, inOrder: true).ConfigureAwait(false);
        if (!await IsThereAsync(connection, kept, cancellation).ConfigureAwait(false))
            return;
        await remade.ExchangeUnbindAsync(kept, queue, "", cancellationToken: cancellation).ConfigureAwait(false);
        await MoveAsync(remade, kept, queue, user, cancellation).ConfigureAwait(false);
        await remade.QueueDeleteAsync(kept, cancellationToken: cancellation).ConfigureAwait(false);
        await remade.ExchangeDeleteAsync(kept, cancellationToken: cancellation).ConfigureAwait(false);
    }

    private static Task<IChannel> ConfirmingAsync(IConnection connection, CancellationToken cancellation) => connection.CreateChannelAsync(
        new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true), cancellation);

    // Through the exchange of that queue: nobody may use the broker's default one.
    private static async Task MoveAsync(IChannel channel, string from, string to, string user, CancellationToken cancellation)
    {
        while (await channel.BasicGetAsync(from, autoAck: false, cancellation).ConfigureAwait(false) is { } message)
        {
            await channel.BasicPublishAsync(
                to, "", mandatory: true, MessageHeaders.PutBackBy(user, message.BasicProperties), message.Body, cancellation)
                .ConfigureAwait(false);
            await channel.BasicAckAsync(message.DeliveryTag, multiple: false, cancellation).ConfigureAwait(false);
        }
    }

    private static async Task<bool> IsThereAsync(IConnection connection, string queue, CancellationToken cancellation)
    {
        await using var asking = await connection.CreateChannelAsync(cancellationToken: cancellation).ConfigureAwait(false);
        try
        {
            await asking.QueueDeclarePassiveAsync(queue, cancellation).ConfigureAwait(false);
            return true;
        }
        catch (OperationInterruptedException e) when (e.ShutdownReason?.ReplyCode == NotFound)
        {
            return false;
        }
    }
}
