using JustRunIt.Hosting.Logging;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace JustRunIt.Events.Store.Relaying;

/// <summary>Hands over what was parked: what can be read at last, and what an operator asks for.</summary>
internal sealed partial class ParkedReplay(EventHandover handover, NpgsqlConnection connection, ILogger logger)
{
    /// <summary>Tries again, in order.</summary>
    /// <param name="unreadToo">Also what no leader so far could read.</param>
    /// <param name="cancellation">Ends the trying.</param>
    public async Task SendAsync(bool unreadToo, CancellationToken cancellation)
    {
        foreach (var parked in await ParkedTable.ReadAskedAsync(connection, unreadToo, cancellation).ConfigureAwait(false))
        {
            var (messages, unsent) = await ReadAsync(parked, cancellation).ConfigureAwait(false);
            if (unsent is not null)
            {
                if (parked.IsAsked)
                    await FailAsync(parked, unsent, cancellation).ConfigureAwait(false);
                continue;
            }

            await ParkedTable.BeginAsync(connection, parked.Id, cancellation).ConfigureAwait(false);
            try
            {
                foreach (var message in messages)
                {
                    unsent = await handover.SendAloneAsync(message, cancellation).ConfigureAwait(false);
                    if (unsent is null)
                        continue;
                    if (unsent.Id == parked.Id)
                        break;
                    await handover.ParkAsync(unsent, cancellation).ConfigureAwait(false);
                    unsent = null;
                }
            }
            catch (Exception e) when (EventHandover.IsRefusal(e))
            {
                await FailAsync(
                    parked, parked with { Reason = ParkReason.Refused, Problem = OneLine.Of(e) }, cancellation).ConfigureAwait(false);
                throw;
            }

            if (unsent is not null)
            {
                await FailAsync(parked, unsent, cancellation).ConfigureAwait(false);
                continue;
            }

            await ParkedTable.RemoveAsync(connection, parked.Id, cancellation).ConfigureAwait(false);
            Log.Unparked(logger, parked.WireName, parked.Stream ?? "no stream", parked.Version ?? 0);
        }
    }

    /// <summary>
    /// What is to be sent for a parked message. Of an event that could not be read that is also all that follows from it, for none of
    /// it was sent; of any other it is the message alone.
    /// </summary>
    private async Task<(List<OutgoingMessage> Messages, ParkedMessage? Unsent)> ReadAsync(
        ParkedMessage parked, CancellationToken cancellation)
    {
        if (parked.Sequence is not { } sequence)
        {
            var stored = await ParkedTable.ReadTimerAsync(connection, parked.Id, cancellation).ConfigureAwait(false);
            return stored is var (json, correlation, causation)
                && OutgoingMessage.Of(parked.Id, correlation, causation, json, out _, out var unread) is { } timer
                ? ([timer], null)
                : ([], parked);
        }

        if (await EventReader.ReadOneAsync(connection, sequence, cancellation).ConfigureAwait(false) is not { } recorded)
            return ([], parked with { Problem = "its event is no longer there" });
        var messages = OutgoingMessage.Of(recorded, out var unsent);
        if (unsent is not null)
            return ([], unsent);
        var isWholeEvent = recorded.Id == parked.Id
            && parked.Reason is ParkReason.UnknownType or ParkReason.Unreadable or ParkReason.Unsendable;
        return (isWholeEvent ? messages : [.. messages.Where(message => message.Headers.Id == parked.Id)], null);
    }

    private async Task FailAsync(ParkedMessage parked, ParkedMessage unsent, CancellationToken cancellation)
    {
        await ParkedTable.FailAsync(connection, parked.Id, unsent.Reason, unsent.Problem, cancellation).ConfigureAwait(false);
        Log.StillParked(logger, parked.WireName, parked.Stream ?? "no stream", parked.Version ?? 0, OneLine.Of(unsent.Problem));
    }

    private static partial class Log
    {
        [LoggerMessage(
            EventId = 1107,
            Level = LogLevel.Information,
            Message = "relay: {WireName} of {EventStream} at {EventVersion} was parked, and is handed over")]
        public static partial void Unparked(ILogger logger, string wireName, string eventStream, long eventVersion);

        [LoggerMessage(
            EventId = 1108,
            Level = LogLevel.Warning,
            Message = "relay: {WireName} of {EventStream} at {EventVersion} was tried again and stays parked: {Problem}")]
        public static partial void StillParked(ILogger logger, string wireName, string eventStream, long eventVersion, string problem);
    }
}
