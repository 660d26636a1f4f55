using JustRunIt.Hosting.Logging;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace JustRunIt.Events.Store.Relaying;

/// <summary>
/// Hands over what was parked: what can be read at last, and what an operator asks for. Several are sent side by side, and what the broker
/// does not take at once is looked at again in a later pass: a queue that is full holds up no event.
/// </summary>
internal sealed partial class ParkedReplay(EventHandover handover, NpgsqlConnection connection, ILogger logger)
{
    private const int MostAtOnce = 16;

    private readonly SideBySide<ParkedMessage, Outcome> underWay = new();

    /// <summary>What this program cannot read either.</summary>
    private readonly HashSet<Guid> unreadable = [];

    /// <summary>Whether there may be something that no leader so far could read, and this one has not looked at.</summary>
    private bool isUnreadLeft = true;

    /// <summary>Tries again, in order.</summary>
    public async Task SendAsync(CancellationToken cancellation)
    {
        await EndAsync(cancellation).ConfigureAwait(false);
        if (underWay.Count > 0)
            return;
        var all = await ParkedTable.ReadAskedAsync(connection, isUnreadLeft, cancellation).ConfigureAwait(false);
        var waiting = all.FindAll(parked => parked.IsAsked || !unreadable.Contains(parked.Id));
        isUnreadLeft = waiting.Exists(parked => !parked.IsAsked);
        foreach (var parked in TakeSome(waiting))
            await BeginAsync(parked, cancellation).ConfigureAwait(false);
        if (underWay.Count == 0)
            return;
        await underWay.WaitForNewAsync(cancellation).ConfigureAwait(false);
        await EndAsync(cancellation).ConfigureAwait(false);
    }

    /// <summary>What was begun before without an end may have ended its leader, and goes alone.</summary>
    private static IEnumerable<ParkedMessage> TakeSome(List<ParkedMessage> waiting) =>
        waiting is [var first, ..] && IsSuspect(first) ? [first] : waiting.TakeWhile(parked => !IsSuspect(parked)).Take(MostAtOnce);

    private static bool IsSuspect(ParkedMessage parked) => !parked.IsAsked && parked.Begun > 0;

    private async Task BeginAsync(ParkedMessage parked, CancellationToken cancellation)
    {
        var (messages, unsent) = await ReadAsync(parked, cancellation).ConfigureAwait(false);
        if (unsent is not null)
        {
            unreadable.Add(parked.Id);
            if (parked.IsAsked)
                await FailAsync(parked, unsent.Problem, cancellation).ConfigureAwait(false);
            return;
        }

        await ParkedTable.BeginAsync(connection, parked.Id, cancellation).ConfigureAwait(false);
        foreach (var message in messages)
            await handover.PrepareAsync(message, cancellation).ConfigureAwait(false);
        underWay.Add(parked, SendAllAsync(parked, messages, cancellation));
    }

    /// <summary>Sends a message and what belongs to it, one after another.</summary>
    private async Task<Outcome> SendAllAsync(ParkedMessage parked, List<OutgoingMessage> messages, CancellationToken cancellation)
    {
        var others = new List<ParkedMessage>();
        foreach (var message in messages)
        {
            if (await handover.SendPreparedAsync(message, cancellation).ConfigureAwait(false) is not { } unsent)
                continue;
            if (unsent.Id == parked.Id)
                return new Outcome(unsent, others);
            others.Add(unsent);
        }

        return new Outcome(null, others);
    }

    /// <summary>Writes down what has come of what was sent.</summary>
    private async Task EndAsync(CancellationToken cancellation)
    {
        foreach (var (parked, sent) in underWay.TakeEnded())
        {
            Outcome outcome;
            try
            {
                outcome = await sent.ConfigureAwait(false);
            }
            catch (Exception e) when (EventHandover.IsRefusal(e))
            {
                await FailAsync(parked, OneLine.Of(e), cancellation).ConfigureAwait(false);
                throw;
            }

            foreach (var other in outcome.Others)
                await handover.ParkAsync(other, cancellation).ConfigureAwait(false);
            if (outcome.Unsent is { } unsent)
            {
                await FailAsync(parked, unsent.Problem, cancellation).ConfigureAwait(false);
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

    private async Task FailAsync(ParkedMessage parked, string problem, CancellationToken cancellation)
    {
        await ParkedTable.FailAsync(connection, parked.Id, problem, cancellation).ConfigureAwait(false);
        Log.StillParked(logger, parked.WireName, parked.Stream ?? "no stream", parked.Version ?? 0, OneLine.Of(problem));
    }

    /// <summary>What came of a parked message.</summary>
    /// <param name="Unsent">Why it stays parked; null when the broker has it.</param>
    /// <param name="Others">What follows from it and cannot be sent.</param>
    private sealed record Outcome(ParkedMessage? Unsent, List<ParkedMessage> Others);

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
