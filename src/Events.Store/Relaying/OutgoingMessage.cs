using System.Text;
using System.Text.Json;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Timers;
using JustRunIt.Events.Upcasting;
using JustRunIt.Hosting.Messaging;

namespace JustRunIt.Events.Store.Relaying;

/// <summary>A message as it goes out.</summary>
/// <param name="Type">Its type of today.</param>
/// <param name="Json">Its body.</param>
/// <param name="Headers">What travels beside it.</param>
/// <param name="Sequence">Number of the event that it is or follows from; null for a timer.</param>
/// <param name="Queue">The one queue that it goes to; null for an event.</param>
internal sealed record OutgoingMessage(Type Type, byte[] Json, MessageHeaders Headers, long? Sequence, string? Queue)
{
    /// <summary>Its wire name.</summary>
    public string WireName => Wire.NameOf(Type);

    /// <summary>An event, and the commands that follow from it; one that an older program wrote as readers of today expect it.</summary>
    /// <param name="recorded">As it stands in the table.</param>
    /// <param name="parked">Why it cannot go out; null if it can.</param>
    public static List<OutgoingMessage> Of(in RecordedEvent recorded, out ParkedMessage? parked)
    {
        parked = null;
        if (!StoredEvents.IsKnown(recorded.WireName))
        {
            parked = Park(recorded, ParkReason.UnknownType, "its type is newer than this program");
            return [];
        }

        IDomainEvent? read;
        Type type;
        byte[] json;
        try
        {
            (type, json, read) = Read(recorded);
        }
        // What a body can do wrong is not to be counted: this is a function of the event alone, and the event is at fault.
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            parked = Park(recorded, ParkReason.Unreadable, e.Message);
            return [];
        }

        try
        {
            var headers = new MessageHeaders(
                recorded.Id, recorded.CorrelationId, recorded.AtUtc, recorded.Stream, recorded.Version, recorded.CausationId);
            var messages = new List<OutgoingMessage> { new(type, json, headers, recorded.Sequence, null) };
            if (read is not null)
                messages.AddRange(Commands(recorded, headers, read));
            return messages;
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            parked = Park(recorded, ParkReason.Unsendable, e.Message);
            return [];
        }
    }

    /// <summary>A timer that is due.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="correlationId">Correlation of the event that began it.</param>
    /// <param name="causationId">That event.</param>
    /// <param name="json">The timer.</param>
    /// <param name="timer">The same, read.</param>
    /// <param name="parked">Why it cannot go out; null if it can.</param>
    public static OutgoingMessage? Of(
        Guid id, Guid correlationId, Guid? causationId, string json, out TimerElapsed? timer, out ParkedMessage? parked)
    {
        (timer, parked) = (null, null);
        try
        {
            timer = JsonSerializer.Deserialize<TimerElapsed>(json, Wire.Json)!;
            var headers = new MessageHeaders(id, correlationId, timer.DueAt, timer.Stream, 0, causationId);
            return new OutgoingMessage(
                typeof(TimerElapsed),
                JsonSerializer.SerializeToUtf8Bytes(timer, Wire.Json),
                headers,
                null,
                Names.Destination(timer));
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            parked = new ParkedMessage(
                id, null, Wire.NameOf(typeof(TimerElapsed)), timer?.Stream, null, null, ParkReason.Unreadable, e.Message);
            return null;
        }
    }

    /// <summary>The same as parked.</summary>
    public ParkedMessage Park(ParkReason reason, string problem) => new(
        Headers.Id, Sequence, WireName, Headers.Stream, Sequence is null ? null : Headers.StreamVersion, Queue, reason, problem);

    private static ParkedMessage Park(in RecordedEvent recorded, ParkReason reason, string problem) => new(
        recorded.Id, recorded.Sequence, recorded.WireName, recorded.Stream, recorded.Version, null, reason, problem);

    private static (Type Type, byte[] Json, IDomainEvent? Read) Read(in RecordedEvent recorded)
    {
        if (recorded.IsOfOlderProgram || StoredEvents.IsOld(recorded.WireName))
        {
            var read = StoredEvents.Read(recorded.WireName, Encoding.UTF8.GetString(recorded.Json));
            return (read.GetType(), JsonSerializer.SerializeToUtf8Bytes(read, read.GetType(), Wire.Json), read);
        }

        var type = Wire.TypeOf(recorded.WireName)!;
        return (
            type,
            recorded.Json,
            Consequences.HasCommands(type) ? StoredEvents.Read(recorded.WireName, Encoding.UTF8.GetString(recorded.Json)) : null);
    }

    private static IEnumerable<OutgoingMessage> Commands(RecordedEvent recorded, MessageHeaders headers, IDomainEvent read) =>
        Consequences.CommandsOf(read, recorded.Id).Select(command => new OutgoingMessage(
            command.GetType(),
            JsonSerializer.SerializeToUtf8Bytes(command, command.GetType(), Wire.Json),
            headers with { Id = DeterministicId.From(recorded.Id, Wire.NameOf(command.GetType())), CausationId = recorded.Id },
            recorded.Sequence,
            Names.Destination(command)));
}
