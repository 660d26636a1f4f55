using System.Diagnostics;
using JustRunIt.Hosting.Messaging;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace JustRunIt.Events.Store.Relaying;

/// <summary>The relay of the process that leads: reads, hands over, moves the position.</summary>
/// <param name="address">Of the database.</param>
/// <param name="publisher">To the broker.</param>
/// <param name="lease">Checked with each write and before each message.</param>
/// <param name="suspicion">Whether messages are sent one by one.</param>
/// <param name="meter">What an operator watches.</param>
/// <param name="logger">Where to.</param>
internal sealed partial class Leader(
    string address, Publisher publisher, Lease lease, Suspicion suspicion, RelayMeter meter, ILogger logger)
{
    private static readonly TimeSpan ActivePoll = TimeSpan.FromMilliseconds(2);

    /// <summary>Once nothing has come for a moment: each look takes both sides some of a processor.</summary>
    private static readonly TimeSpan CalmPoll = TimeSpan.FromMilliseconds(6);

    private static readonly TimeSpan CalmAfter = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan StayActiveFor = TimeSpan.FromMilliseconds(40);
    private static readonly TimeSpan DropEvery = TimeSpan.FromHours(1);
    private static readonly TimeSpan MeasureEvery = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan SleepAtMost = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongGap = TimeSpan.FromSeconds(10);

    private readonly NpgsqlConnection connection = new(address);
    private long gapTold = -1;

    /// <summary>Relays until it is cancelled, or something breaks.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        await using var closing = connection.ConfigureAwait(false);
        await connection.OpenAsync(cancellation).ConfigureAwait(false);
        // The position may fall back after a crash of the database: events are then relayed twice, which every consumer bears.
        await ExecuteAsync($"SET synchronous_commit = off; LISTEN {RelayTable.Channel}", cancellation).ConfigureAwait(false);
        var handover = new EventHandover(publisher, lease, connection, logger);
        var replay = new ParkedReplay(handover, connection, logger);
        var timers = new TimerPump(connection, handover, logger);
        var position = await RelayTable.ReadPositionAsync(connection, cancellation).ConfigureAwait(false);
        try
        {
            if (suspicion.IsThere)
            {
                position = await PassSuspectsAsync(handover, position, cancellation).ConfigureAwait(false);
                await timers.SendDueAloneAsync(cancellation).ConfigureAwait(false);
                suspicion.End();
            }

            var unconfirmed = new UnconfirmedPages(position);
            var reader = new EventReader(connection);
            var (lastEvent, nextTimers, nextDrop, nextMeasure) = (Stopwatch.GetTimestamp(), 0L, 0L, 0L);
            while (true)
            {
                await publisher.UnblockedAsync(cancellation).ConfigureAwait(false);
                lease.ThrowIfLost();
                var events = await reader.ReadAsync(position, cancellation).ConfigureAwait(false);
                if (events.Count > 0)
                {
                    position = events[^1].Sequence;
                    unconfirmed.Add(position, events.Count, await handover.StartAsync(events, cancellation).ConfigureAwait(false));
                    lastEvent = Stopwatch.GetTimestamp();
                }

                if (await unconfirmed.AdvanceAsync(handover.ParkAsync, cancellation).ConfigureAwait(false))
                    await WriteAsync(unconfirmed.Position, sleeping: false, cancellation).ConfigureAwait(false);
                await timers.EndSentAsync(cancellation).ConfigureAwait(false);
                if (IsDue(ref nextTimers, SleepAtMost))
                {
                    await timers.SendDueAsync(cancellation).ConfigureAwait(false);
                    await replay.SendAsync(cancellation).ConfigureAwait(false);
                }

                if (IsDue(ref nextDrop, DropEvery) && await HandledTable.DropSomeOldAsync(connection, cancellation).ConfigureAwait(false))
                    nextDrop = 0;
                if (IsDue(ref nextMeasure, MeasureEvery))
                    await MeasureAsync(unconfirmed.Position, reader, cancellation).ConfigureAwait(false);
                if (events.Count == EventReader.PageSize)
                    continue;
                var idle = Stopwatch.GetElapsedTime(lastEvent);
                if (reader.AtGap || !unconfirmed.IsEmpty || timers.AreUnderWay || idle < StayActiveFor)
                    await Task.Delay(reader.AtGap || idle < CalmAfter ? ActivePoll : CalmPoll, cancellation).ConfigureAwait(false);
                else
                    await SleepAsync(reader, position, cancellation).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (EventHandover.IsRefusal(e))
        {
            suspicion.Arise(position);
            throw;
        }
    }

    private static bool IsDue(ref long next, TimeSpan every)
    {
        var now = Stopwatch.GetTimestamp();
        if (now < next)
            return false;
        next = now + (long)(every.TotalSeconds * Stopwatch.Frequency);
        return true;
    }

    /// <summary>Hands over, one by one, what was under way when the broker ended the channel.</summary>
    private async Task<long> PassSuspectsAsync(EventHandover handover, long position, CancellationToken cancellation)
    {
        var reader = new EventReader(connection);
        while (position < suspicion.Until)
        {
            var events = await reader.ReadAsync(position, cancellation).ConfigureAwait(false);
            foreach (var recorded in events)
            {
                await handover.SendCarefullyAsync(recorded, cancellation).ConfigureAwait(false);
                position = recorded.Sequence;
                await WriteAsync(position, sleeping: false, cancellation).ConfigureAwait(false);
            }

            if (events.Count == 0)
                await Task.Delay(ActivePoll, cancellation).ConfigureAwait(false);
        }

        return position;
    }

    /// <summary>Lets the next append wake us; an append that committed between our last look and this is woken by the look here.</summary>
    private async Task SleepAsync(EventReader reader, long position, CancellationToken cancellation)
    {
        await WriteAsync(position, sleeping: true, cancellation).ConfigureAwait(false);
        if ((await reader.ReadAsync(position, cancellation).ConfigureAwait(false)).Count == 0 && !reader.AtGap)
            await connection.WaitAsync(SleepAtMost, cancellation).ConfigureAwait(false);
    }

    private async Task MeasureAsync(long position, EventReader reader, CancellationToken cancellation)
    {
        await using (var command = new NpgsqlCommand(
            $"""
            SELECT (SELECT count(*) FROM {ParkedTable.Name}),
                coalesce((SELECT max(seq_id) FROM {StoreSetup.Schema}.mt_events), 0)
            """,
            connection))
        await using (var row = await command.ExecuteReaderAsync(cancellation).ConfigureAwait(false))
        {
            await row.ReadAsync(cancellation).ConfigureAwait(false);
            (meter.Parked, meter.Behind) = (row.GetInt64(0), Math.Max(0, row.GetInt64(1) - position));
        }

        meter.GapSeconds = reader.WaitedAtGap.TotalSeconds;
        if (reader.WaitedAtGap < LongGap || gapTold == position)
            return;
        gapTold = position;
        Log.Waiting(logger, position, string.Join(", ", reader.WaitedFor));
    }

    private Task WriteAsync(long position, bool sleeping, CancellationToken cancellation) =>
        RelayTable.WriteAsync(connection, lease.Fence, position, sleeping, cancellation);

    private async Task ExecuteAsync(string sql, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancellation).ConfigureAwait(false);
    }

    private static partial class Log
    {
        [LoggerMessage(
            EventId = 1115,
            Level = LogLevel.Warning,
            Message = "relay: waits after event {Position} for a transaction that may still commit an event: {Holders}")]
        public static partial void Waiting(ILogger logger, long position, string holders);
    }
}
