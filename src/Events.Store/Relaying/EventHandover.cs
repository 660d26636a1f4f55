using System.Text;
using System.Text.Json;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Upcasting;
using JustRunIt.Hosting.Messaging;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace JustRunIt.Events.Store.Relaying;

/// <summary>
/// Hands events to the broker, with the commands that follow from them. An event that an older program wrote goes out as
/// readers of today expect it. One whose type is not known here is parked, said aloud, and passed by: nothing is lost, and
/// nothing stands still.
/// </summary>
internal sealed partial class EventHandover(Publisher publisher, NpgsqlConnection connection, ILogger logger)
{
    /// <summary>Hands events over in order, without waiting for the broker.</summary>
    /// <returns>Ends when the broker has confirmed all.</returns>
    public async Task<Task> StartAsync(List<RecordedEvent> events, CancellationToken cancellation)
    {
        // Started in order on one channel, so the broker sees them in order; the confirms are awaited together.
        var confirms = new List<Task>(events.Count);
        foreach (var recorded in events)
        {
            if (StoredEvents.IsKnown(recorded.WireName))
            {
                await StartAsync(recorded, confirms, cancellation).ConfigureAwait(false);
                continue;
            }

            await ParkedTable.AddAsync(connection, recorded, cancellation).ConfigureAwait(false);
            Log.Parked(logger, recorded.WireName, recorded.Stream, recorded.Version);
        }

        return Task.WhenAll(confirms);
    }

    /// <summary>Hands over what was parked by a leader that did not know it, and is known here.</summary>
    public async Task SendParkedAsync(CancellationToken cancellation)
    {
        foreach (var (sequence, wireName) in await ParkedTable.ReadAsync(connection, cancellation).ConfigureAwait(false))
        {
            if (!StoredEvents.IsKnown(wireName))
                continue;
            if (await EventReader.ReadOneAsync(connection, sequence, cancellation).ConfigureAwait(false) is { } recorded)
            {
                var confirms = new List<Task>();
                await StartAsync(recorded, confirms, cancellation).ConfigureAwait(false);
                await Task.WhenAll(confirms).ConfigureAwait(false);
                Log.Unparked(logger, wireName, recorded.Stream, recorded.Version);
            }

            await ParkedTable.RemoveAsync(connection, sequence, cancellation).ConfigureAwait(false);
        }
    }

    private async Task StartAsync(RecordedEvent recorded, List<Task> confirms, CancellationToken cancellation)
    {
        var (name, json, @event) = (recorded.WireName, recorded.Json, (IDomainEvent?)null);
        if (recorded.IsOfOlderProgram)
        {
            @event = StoredEvents.Read(name, Encoding.UTF8.GetString(json));
            name = Wire.NameOf(@event.GetType());
            json = JsonSerializer.SerializeToUtf8Bytes(@event, @event.GetType(), Wire.Json);
        }

        var headers = new MessageHeaders(recorded.Id, recorded.CorrelationId, recorded.AtUtc, recorded.Stream, recorded.Version);
        confirms.Add(publisher.PublishAsync(name, json, headers, cancellation).AsTask());
        if (!Consequences.HasCommands(Wire.TypeOf(name)!))
            return;
        @event ??= StoredEvents.Read(name, Encoding.UTF8.GetString(json));
        foreach (var command in Consequences.CommandsOf(@event, recorded.Id))
        {
            // Declared before anything later is started: no later command may overtake this one.
            await publisher.DeclareAsync(command, cancellation).ConfigureAwait(false);
            var id = DeterministicId.From(recorded.Id, Wire.NameOf(command.GetType()));
            confirms.Add(publisher.SendAsync(command, headers with { Id = id }, cancellation).AsTask());
        }
    }

    private static partial class Log
    {
        [LoggerMessage(
            EventId = 210,
            Level = LogLevel.Error,
            Message = "relay: {WireName} on {Stream} at {Version} is newer than this program: parked until a newer one leads")]
        public static partial void Parked(ILogger logger, string wireName, string stream, long version);

        [LoggerMessage(EventId = 211, Level = LogLevel.Information, Message = "relay: {WireName} on {Stream} at {Version} was parked, and is handed over")]
        public static partial void Unparked(ILogger logger, string wireName, string stream, long version);
    }
}
