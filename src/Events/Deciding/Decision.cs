using System.Collections.Immutable;
using JustRunIt.Events.Messaging;

namespace JustRunIt.Events.Deciding;

/// <summary>What follows from a message: events by stream, or the reason why nothing does.</summary>
public sealed record Decision
{
    private Decision()
    {
    }

    /// <summary>Events by stream, in the order in which they are relayed; every list has at least one.</summary>
    public ImmutableArray<StreamEvents> Streams { get; private init; } = [];

    /// <summary>What is kept beside the streams.</summary>
    public ImmutableArray<IKept> Kept { get; private init; } = [];

    /// <summary>What is published beside the events once the decision stands, and again if it is made again.</summary>
    public ImmutableArray<IReport> Told { get; private init; } = [];

    /// <summary>Why nothing follows; null when something does.</summary>
    public WhyNothing? Why { get; private init; }

    /// <summary>One sentence that goes with <see cref="Why"/>; empty when something follows.</summary>
    public string Detail { get; private init; } = "";

    /// <summary>
    /// The correlation of what follows and does not say its own (<see cref="ICorrelated"/>); null for that of the message.
    /// </summary>
    public Guid? CorrelationId { get; private init; }

    /// <summary>Nothing follows.</summary>
    /// <param name="why">The reason.</param>
    /// <param name="detail">The reason in one sentence, with value and bound.</param>
    public static Decision Nothing(WhyNothing why, string detail) => new() { Why = why, Detail = detail };

    /// <summary>The message says what cannot be: it is put aside with the reason, which names field, value and what is allowed.</summary>
    public static Decision Refuse(string detail) => Nothing(WhyNothing.Refused, detail);

    /// <summary>These events follow.</summary>
    /// <exception cref="ArgumentException">No event: say why nothing follows.</exception>
    public static Decision On(string stream, params IEnumerable<IDomainEvent> events)
    {
        var list = events.ToImmutableArray();
        return list.IsEmpty
            ? throw new ArgumentException("A decision without events says why.", nameof(events))
            : new Decision { Streams = [new StreamEvents(stream, list)] };
    }

    /// <summary>These events follow too; none is allowed.</summary>
    public Decision And(string stream, params IEnumerable<IDomainEvent> events)
    {
        var list = events.ToImmutableArray();
        if (list.IsEmpty)
            return this;
        var index = Streams.Select(entry => entry.Stream).ToList().IndexOf(stream);
        return this with
        {
            Why = null,
            Detail = "",
            Streams = index < 0
                ? Streams.Add(new StreamEvents(stream, list))
                : Streams.SetItem(index, new StreamEvents(stream, Streams[index].Events.AddRange(list))),
        };
    }

    /// <summary>An event that comes before everything else, on its own stream and among all.</summary>
    public Decision Before(string stream, IDomainEvent first) => On(stream, first).Then(this);

    /// <summary>What another decision says follows too, under the correlation of that one where this has none.</summary>
    public Decision Then(Decision next)
    {
        ArgumentNullException.ThrowIfNull(next);
        var both = next.Streams.Aggregate(this, (decision, entry) => decision.And(entry.Stream, entry.Events));
        return both with
        {
            Kept = Kept.AddRange(next.Kept),
            Told = Told.AddRange(next.Told),
            CorrelationId = CorrelationId ?? next.CorrelationId,
        };
    }

    /// <summary>Keeps something beside the streams.</summary>
    public Decision Keep(IKept kept) => this with { Kept = Kept.Add(kept) };

    /// <summary>Tells somebody something that is no event.</summary>
    public Decision Tell(IReport report) => this with { Told = Told.Add(report) };

    /// <summary>Gives what follows a correlation of its own instead of the message's.</summary>
    public Decision Under(Guid correlationId) => this with { CorrelationId = correlationId };

    /// <summary>The correlation of an event that follows: its own where it has one, else the decision's, else the message's.</summary>
    /// <param name="event">The event.</param>
    /// <param name="cause">The message.</param>
    public Guid CorrelationOf(IDomainEvent @event, Cause cause)
    {
        ArgumentNullException.ThrowIfNull(cause);
        return @event is ICorrelated { CorrelationId: var own } ? own : CorrelationId ?? cause.CorrelationId;
    }

    /// <summary>The events for one stream; none when there are none.</summary>
    public ImmutableArray<IDomainEvent> Of(string stream) =>
        Streams.Where(entry => entry.Stream == stream).Select(entry => entry.Events).SingleOrDefault([]);
}
