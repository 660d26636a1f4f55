using System.Text.Json;
using System.Text.Json.Nodes;
using JustRunIt.Events.Auditing;
using JustRunIt.Events.Deciding;
using JustRunIt.Events.Messaging;

namespace JustRunIt.Events.Telling;

/// <summary>The message that an event follows from, as the event's record has it.</summary>
/// <param name="WireName">Its wire name.</param>
/// <param name="Id">Its id: of a message that is an event, the event's.</param>
/// <param name="Body">Its body.</param>
/// <param name="Decider">Who decided.</param>
/// <param name="Rule">By which version of the rule.</param>
public sealed record CausingMessage(string WireName, Guid Id, JsonNode Body, string Decider, int Rule)
{
    private const string Ours = "justrunit.";

    /// <summary>Fields that say who has said a report.</summary>
    private static readonly string[] Senders = ["agent", "proxyNode", "monitor"];

    /// <summary>What an event follows from; null where it bears no record that can be read.</summary>
    public static CausingMessage? Of(PastEvent e)
    {
        ArgumentNullException.ThrowIfNull(e);
        if (e.Decision is null)
            return null;
        try
        {
            return JsonSerializer.Deserialize<DecisionRecord>(e.Decision, Wire.Json) is { } record
                ? new CausingMessage(record.Message.Type, record.Message.Id, record.Message.Body, record.Decider, record.Rule)
                : null;
        }
        catch (Exception x) when (Unreadable.Is(x))
        {
            return null;
        }
    }

    /// <summary>Whether it is an event, which stands on a stream itself.</summary>
    public bool IsEvent => Upcasting.StoredEvents.IsOld(WireName) || Wire.TypeOf(WireName)?.IsAssignableTo(typeof(IDomainEvent)) == true;

    /// <summary>The stream with the event that it answers, or that it is the timer or command of; null where it names none.</summary>
    /// <remarks>Of a timer, whose subject is a number, that is its stream; of a command or an answer it is the subject.</remarks>
    public string? AnsweredStream => Text("stream") ?? Text("subject")
        ?? (Guid.TryParse(Text("matrixId"), out var matrix) ? Streams.Matrix(matrix) : null);

    /// <summary>For people: a short name, and of a report who has said it.</summary>
    public string Told => Short(WireName)
        + (!IsEvent && Senders.Select(Text).FirstOrDefault(sender => sender is not null) is { } sender ? $" of {sender}" : "");

    /// <summary>A wire name without what all begin with.</summary>
    public static string Short(string wireName)
    {
        ArgumentNullException.ThrowIfNull(wireName);
        return wireName.StartsWith(Ours, StringComparison.Ordinal) ? wireName[Ours.Length..] : wireName;
    }

    /// <summary>Whether it is a command or timer of an event, or the answer to one.</summary>
    public bool FollowsFrom(PastEvent candidate)
    {
        ArgumentNullException.ThrowIfNull(candidate);
        try
        {
            var @event = candidate.Read();
            var commands = Consequences.CommandsOf(@event, candidate.Id);
            if (Guid.TryParse(Text("requestId"), out var request))
                return commands.OfType<IAnsweredCommand>().Any(command => command.RequestId == request);
            var message = Wire.TypeOf(WireName) is { } type ? Body.Deserialize(type, Wire.Json) : null;
            return commands.Concat(Consequences.TimersOf(@event)).Any(following => following.Equals(message));
        }
        catch (Exception e) when (Unreadable.Is(e))
        {
            return false;
        }
    }

    private string? Text(string field) => Body is JsonObject body && body[field] is JsonValue value
        && value.TryGetValue<string>(out var text) ? text : null;
}
