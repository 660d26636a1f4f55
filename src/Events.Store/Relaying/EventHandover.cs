using System.Text;
using System.Text.Json;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Upcasting;
using JustRunIt.Hosting.Logging;
using JustRunIt.Hosting.Messaging;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace JustRunIt.Events.Store.Relaying;

/// <summary>
/// Hands events to the broker, with the commands that follow from them. An event that an older program wrote goes out as
/// readers of today expect it. One that cannot be read here is parked, said aloud, and passed by: nothing is lost, and nothing
/// stands still.
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
            if (Outgoing.TryRead(recorded, out var outgoing, out var problem))
            {
                await StartAsync(recorded, outgoing, confirms, cancellation).ConfigureAwait(false);
                continue;
            }

            await ParkedTable.AddAsync(connection, recorded, cancellation).ConfigureAwait(false);
            Log.Parked(logger, recorded.WireName, recorded.Stream, recorded.Version, OneLine.Of(problem));
        }

        return Task.WhenAll(confirms);
    }

    /// <summary>Hands over what was parked by a leader that could not read it, and can be read here.</summary>
    public async Task SendParkedAsync(CancellationToken cancellation)
    {
        foreach (var sequence in await ParkedTable.ReadAsync(connection, cancellation).ConfigureAwait(false))
        {
            if (await EventReader.ReadOneAsync(connection, sequence, cancellation).ConfigureAwait(false) is { } recorded)
            {
                if (!Outgoing.TryRead(recorded, out var outgoing, out _))
                    continue;
                var confirms = new List<Task>();
                await StartAsync(recorded, outgoing, confirms, cancellation).ConfigureAwait(false);
                await Task.WhenAll(confirms).ConfigureAwait(false);
                Log.Unparked(logger, recorded.WireName, recorded.Stream, recorded.Version);
            }

            await ParkedTable.RemoveAsync(connection, sequence, cancellation).ConfigureAwait(false);
        }
    }

    private async Task StartAsync(RecordedEvent recorded, Outgoing outgoing, List<Task> confirms, CancellationToken cancellation)
    {
        var headers = new MessageHeaders(
            recorded.Id, recorded.CorrelationId, recorded.AtUtc, recorded.Stream, recorded.Version, recorded.CausationId);
        confirms.Add(publisher.PublishAsync(Wire.NameOf(outgoing.Type), outgoing.Json, headers, cancellation).AsTask());
        HandOverLog.Event(logger, recorded, outgoing.Type, headers);
        if (outgoing.Event is not { } @event)
            return;
        foreach (var command in Consequences.CommandsOf(@event, recorded.Id))
        {
            // Declared before anything later is started: no later command may overtake this one.
            await publisher.DeclareAsync(command, cancellation).ConfigureAwait(false);
            var id = DeterministicId.From(recorded.Id, Wire.NameOf(command.GetType()));
            var following = headers with { Id = id, CausationId = recorded.Id };
            confirms.Add(publisher.SendAsync(command, following, cancellation).AsTask());
            HandOverLog.Command(logger, recorded, command, following);
        }
    }

    /// <summary>An event as it goes out.</summary>
    /// <param name="Type">Its type of today.</param>
    /// <param name="Json">Its body.</param>
    /// <param name="Event">The event itself where commands may follow from it, or it had to be read; else null.</param>
    private readonly record struct Outgoing(Type Type, byte[] Json, IDomainEvent? Event)
    {
        public static bool TryRead(RecordedEvent recorded, out Outgoing outgoing, out string problem)
        {
            (outgoing, problem) = (default, "");
            if (!StoredEvents.IsKnown(recorded.WireName))
            {
                problem = "its type is newer than this program";
                return false;
            }

            try
            {
                outgoing = Read(recorded);
                return true;
            }
            // What a body can do wrong: no such JSON, no such field, no such value.
            catch (Exception e) when (e is JsonException or ArgumentException or FormatException or InvalidOperationException
                or NullReferenceException or UnknownEventException)
            {
                problem = e.Message;
                return false;
            }
        }

        private static Outgoing Read(RecordedEvent recorded)
        {
            if (recorded.IsOfOlderProgram || StoredEvents.IsOld(recorded.WireName))
            {
                var read = StoredEvents.Read(recorded.WireName, Encoding.UTF8.GetString(recorded.Json));
                return new Outgoing(read.GetType(), JsonSerializer.SerializeToUtf8Bytes(read, read.GetType(), Wire.Json), read);
            }

            var type = Wire.TypeOf(recorded.WireName)!;
            return new Outgoing(
                type,
                recorded.Json,
                Consequences.HasCommands(type) ? StoredEvents.Read(recorded.WireName, Encoding.UTF8.GetString(recorded.Json)) : null);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(
            EventId = 1106,
            Level = LogLevel.Error,
            Message = "relay: {WireName} of {EventStream} at {EventVersion} cannot be read, and waits for a newer program: {Problem}")]
        public static partial void Parked(ILogger logger, string wireName, string eventStream, long eventVersion, string problem);

        [LoggerMessage(
            EventId = 1107,
            Level = LogLevel.Information,
            Message = "relay: {WireName} of {EventStream} at {EventVersion} was parked, and is handed over")]
        public static partial void Unparked(ILogger logger, string wireName, string eventStream, long eventVersion);
    }
}
