using System.Text.Json;
using System.Text.Json.Nodes;
using JustRunIt.Events.Deciding;
using JustRunIt.Events.Messaging;

namespace JustRunIt.Events.Tests;

/// <summary>A build with a deliberately different rule: under the same name and version, one decision ends with another event.</summary>
internal static class ChangedRule
{
    /// <summary>All rules, of which one decides otherwise over one message.</summary>
    public static IEnumerable<IDecider> Among(IDecider rule, Guid message) =>
        Deciders.All.Where(decider => decider.Name != rule.Name).Concat(Deciders.MessagesOf(rule).Select(type =>
            (IDecider)Activator.CreateInstance(typeof(Changed<>).MakeGenericType(type), rule, message)!));

    /// <summary>The same event with one value changed, and where.</summary>
    public static (IDomainEvent Event, string Path) Change(IDomainEvent @event)
    {
        var type = @event.GetType();
        var before = JsonSerializer.SerializeToNode(@event, type, Wire.Json)!.AsObject();
        foreach (var (field, value) in before.ToList())
        {
            foreach (var other in Others(value))
            {
                var body = before.DeepClone().AsObject();
                body[field] = other;
                try
                {
                    var changed = (IDomainEvent)body.Deserialize(type, Wire.Json)!;
                    var after = JsonSerializer.SerializeToNode(changed, type, Wire.Json)!;
                    if (!JsonNode.DeepEquals(before, after) && JsonNode.DeepEquals(after[field], other))
                        return (changed, $"body.{field}");
                }
                catch (Exception e) when (e is JsonException or ArgumentException)
                {
                    // This field's type has no such value.
                }
            }
        }

        throw new InvalidOperationException($"nothing in {type.Name} can be changed");
    }

    private static IEnumerable<JsonNode> Others(JsonNode? value) => value?.GetValueKind() switch
    {
        JsonValueKind.Number => [JsonValue.Create(value.GetValue<double>() + 1)],
        JsonValueKind.True => [JsonValue.Create(false)],
        JsonValueKind.False => [JsonValue.Create(true)],
        JsonValueKind.String when Guid.TryParse(value.GetValue<string>(), out var id) =>
            [JsonValue.Create(DeterministicId.From(id, "another").ToString())],
        JsonValueKind.String => [JsonValue.Create(value.GetValue<string>() + "x")],
        _ => [],
    };

    private sealed class Changed<TMessage>(IDecider<TMessage> rule, Guid message) : IDecider<TMessage>
        where TMessage : class
    {
        public string Name => rule.Name;

        public int Version => rule.Version;

        public Decision Decide(IReading reading, TMessage asked, Cause cause)
        {
            var decision = rule.Decide(reading, asked, cause);
            if (cause.MessageId != message || decision.Why is not null)
                return decision;
            var last = decision.Streams[^1];
            Decision? changed = null;
            foreach (var (stream, events) in decision.Streams)
            {
                var given = stream == last.Stream ? events.SetItem(events.Length - 1, Change(events[^1]).Event) : events;
                changed = changed is null ? Decision.On(stream, given) : changed.And(stream, given);
            }

            return decision.CorrelationId is { } correlation ? changed!.Under(correlation) : changed!;
        }
    }
}
