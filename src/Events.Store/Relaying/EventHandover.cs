using JustRunIt.Hosting.Logging;
using JustRunIt.Hosting.Messaging;
using Microsoft.Extensions.Logging;
using Npgsql;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace JustRunIt.Events.Store.Relaying;

/// <summary>
/// Hands events to the broker, with the commands that follow from them. What cannot be read here, or sent, is parked, said aloud,
/// and passed by: nothing is lost, and nothing stands still.
/// </summary>
internal sealed partial class EventHandover(Publisher publisher, Lease lease, NpgsqlConnection connection, ILogger logger)
{
    /// <summary>So long timers are sent one by one, before events are relayed again.</summary>
    public static readonly TimeSpan AtMostAlone = TimeSpan.FromSeconds(2);

    /// <summary>How often a message is sent that the broker does not take: it may be short of something for a moment.</summary>
    private const int MostAttempts = 5;

    /// <summary>So many refused in a row, and none taken between, are the broker's fault rather than theirs.</summary>
    private const int MostInARow = 100;

    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);

    private int refusedInARow;

    /// <summary>
    /// Whether the broker ended the channel or the connection because of something that was sent, and not because it stops itself.
    /// </summary>
    public static bool IsRefusal(Exception exception)
    {
        for (var e = exception; e is not null; e = e.InnerException)
        {
            if (e is OperationInterruptedException { ShutdownReason: { Initiator: ShutdownInitiator.Peer } reason }
                && reason.ReplyCode != Constants.ConnectionForced)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Hands events over in order, without waiting for the broker.</summary>
    /// <returns>Ends when the broker has answered for all, with what it does not take: to be parked before the events are passed.</returns>
    public async Task<Task<ParkedMessage[]>> StartAsync(List<RecordedEvent> events, CancellationToken cancellation)
    {
        // Started in order on one channel, so the broker sees them in order; the confirms are awaited together.
        var answers = new List<Task<ParkedMessage?>>(events.Count);
        foreach (var recorded in events)
        {
            var messages = OutgoingMessage.Of(recorded, out var unsent);
            if (unsent is not null)
                await ParkAsync(unsent, cancellation).ConfigureAwait(false);
            foreach (var message in messages)
            {
                // Declared before anything later is started: no later command may overtake this one.
                if (message.Queue is not null)
                    await publisher.DeclareAsync(message.Queue, cancellation).ConfigureAwait(false);
                await publisher.UnblockedAsync(cancellation).ConfigureAwait(false);
                answers.Add(SendAsync(message, cancellation));
                HandOverLog.Message(logger, message);
            }
        }

        return CollectAsync(answers);
    }

    /// <summary>
    /// Hands one event over, each of its messages for itself, so that one for which the broker ends the channel is known, and parked.
    /// What is parked already is left out.
    /// </summary>
    public async Task SendCarefullyAsync(RecordedEvent recorded, CancellationToken cancellation)
    {
        var messages = OutgoingMessage.Of(recorded, out var unsent);
        if (unsent is not null)
            await ParkAsync(unsent, cancellation).ConfigureAwait(false);
        foreach (var message in messages)
        {
            if (await ParkedTable.ContainsAsync(connection, message.Headers.Id, cancellation).ConfigureAwait(false))
                continue;
            try
            {
                if (await SendAloneAsync(message, cancellation).ConfigureAwait(false) is { } parked)
                    await ParkAsync(parked, cancellation).ConfigureAwait(false);
            }
            catch (Exception e) when (IsRefusal(e))
            {
                await ParkAsync(message.Park(ParkReason.Refused, OneLine.Of(e)), cancellation).ConfigureAwait(false);
                throw;
            }
        }
    }

    /// <summary>Sends one message and waits for the broker's answer.</summary>
    /// <returns>The message as it is to be parked; null when the broker has it.</returns>
    public async Task<ParkedMessage?> SendAloneAsync(OutgoingMessage message, CancellationToken cancellation)
    {
        await PrepareAsync(message, cancellation).ConfigureAwait(false);
        return await SendPreparedAsync(message, cancellation).ConfigureAwait(false);
    }

    /// <summary>What is to be done before a message is sent beside others; one message after another.</summary>
    public async Task PrepareAsync(OutgoingMessage message, CancellationToken cancellation)
    {
        if (message.Queue is not null)
            await publisher.DeclareAsync(message.Queue, cancellation).ConfigureAwait(false);
        await publisher.UnblockedAsync(cancellation).ConfigureAwait(false);
    }

    /// <summary>Sends one message that is prepared, beside whatever else is sent, and waits for the broker's answer.</summary>
    /// <returns>The message as it is to be parked; null when the broker has it.</returns>
    public async Task<ParkedMessage?> SendPreparedAsync(OutgoingMessage message, CancellationToken cancellation)
    {
        var parked = await SendAsync(message, cancellation).ConfigureAwait(false);
        if (parked is null)
            HandOverLog.Message(logger, message);
        return parked;
    }

    /// <summary>Parks a message, and says so.</summary>
    public async Task ParkAsync(ParkedMessage parked, CancellationToken cancellation)
    {
        await ParkedTable.AddAsync(connection, lease.Fence, parked, cancellation).ConfigureAwait(false);
        Tell(parked);
    }

    /// <summary>Parks a timer, and says so.</summary>
    public async Task ParkTimerAsync(ParkedMessage parked, CancellationToken cancellation)
    {
        await ParkedTable.AddTimerAsync(connection, lease.Fence, parked, cancellation).ConfigureAwait(false);
        Tell(parked);
    }

    private static async Task<ParkedMessage[]> CollectAsync(List<Task<ParkedMessage?>> answers) =>
        [.. (await Task.WhenAll(answers).ConfigureAwait(false)).OfType<ParkedMessage>()];

    private async Task<ParkedMessage?> SendAsync(OutgoingMessage message, CancellationToken cancellation)
    {
        var pause = FirstPause;
        for (var attempt = 1; ; attempt++)
        {
            lease.ThrowIfLost();
            try
            {
                await (message.Queue is { } queue
                    ? publisher.SendAsync(queue, message.WireName, message.Json, message.Headers, cancellation)
                    : publisher.PublishAsync(message.WireName, message.Json, message.Headers, cancellation)).ConfigureAwait(false);
                Interlocked.Exchange(ref refusedInARow, 0);
                return null;
            }
            catch (PublishException e) when (e.IsReturn)
            {
                return message.Park(ParkReason.QueueGone, message.Queue is { } gone
                    ? $"queue '{gone}' is not there"
                    : $"no queue of those that are to hear it is bound to the exchange '{message.WireName}'");
            }
            catch (PublishException)
            {
                if (attempt == MostAttempts)
                    return Refused(message);
            }
            catch (Exception e) when (e is ArgumentException or NotSupportedException or FormatException or OverflowException)
            {
                return message.Park(ParkReason.Unsendable, OneLine.Of(e));
            }

            await Task.Delay(pause, cancellation).ConfigureAwait(false);
            pause *= 2;
        }
    }

    private ParkedMessage Refused(OutgoingMessage message) => Interlocked.Increment(ref refusedInARow) > MostInARow
        ? throw new InvalidOperationException($"the broker has refused {MostInARow} messages in a row")
        : message.Park(ParkReason.Refused, $"the broker refused it {MostAttempts} times; a queue that it goes to may be full");

    private void Tell(ParkedMessage parked) => Log.Parked(
        logger, parked.WireName, parked.Stream ?? "no stream", parked.Version ?? 0, parked.Reason, OneLine.Of(parked.Problem));

    private static partial class Log
    {
        [LoggerMessage(
            EventId = 1106,
            Level = LogLevel.Error,
            Message = "relay: {WireName} of {EventStream} at {EventVersion} is parked ({Reason}): {Problem}")]
        public static partial void Parked(
            ILogger logger, string wireName, string eventStream, long eventVersion, ParkReason reason, string problem);
    }
}
