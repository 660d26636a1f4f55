using System.Collections.Immutable;
using JustRunIt.Events.Messaging;

namespace JustRunIt.Events.Deciding;

/// <summary>
/// Streams without a store: deciders are run over them in properties, rehearsals and audits by the same rules as in a
/// service. A message that a decider has handled is not handled by it again.
/// </summary>
/// <param name="answer">Answers questions for what is kept beside the streams; null where none is asked.</param>
/// <param name="decided">Told of each decision from which events follow, with its record; null where nobody wants to know.</param>
public sealed class InMemoryStreams(
    Func<object, object?>? answer = null, Action<Decision, DecisionRecord>? decided = null) : IReadingSource
{
    private readonly Dictionary<string, ImmutableList<IDomainEvent>> streams = new(StringComparer.Ordinal);
    private readonly HashSet<(string Decider, Guid Message)> handled = [];

    /// <summary>All events by stream.</summary>
    public IReadOnlyDictionary<string, ImmutableList<IDomainEvent>> Streams => streams;

    /// <summary>The events of a stream.</summary>
    public ImmutableList<IDomainEvent> this[string stream] => streams.GetValueOrDefault(stream, []);

    /// <summary>Puts events on a stream.</summary>
    public InMemoryStreams Given(string stream, params IEnumerable<IDomainEvent> events)
    {
        streams[stream] = this[stream].AddRange(events);
        return this;
    }

    /// <summary>What a decider says to a message; nothing is appended.</summary>
    public (Decision Decision, Reading Reading) When<TMessage>(IDecider<TMessage> decider, TMessage message, Cause cause)
        where TMessage : class
    {
        var run = DecisionLoop.RunAsync(decider, message, cause, this, CancellationToken.None);
        return run.IsCompleted ? run.Result : throw new InvalidOperationException("Streams in memory are read at once.");
    }

    /// <summary>Handles a message as a service does: once, and what is decided is appended.</summary>
    public Decision Handle<TMessage>(IDecider<TMessage> decider, TMessage message, Cause cause)
        where TMessage : class
    {
        ArgumentNullException.ThrowIfNull(decider);
        ArgumentNullException.ThrowIfNull(cause);
        if (handled.Contains((decider.Name, cause.MessageId)))
            return Decision.Nothing(WhyNothing.AlreadyHandled, "this message was handled before");
        var (decision, reading) = When(decider, message, cause);
        handled.Add((decider.Name, cause.MessageId));
        if (decided is not null && decision.Why is null)
            decided(decision, DecisionRecord.Of(decider, message, cause, reading));
        foreach (var (stream, events) in decision.Streams)
            Given(stream, events);
        return decision;
    }

    /// <inheritdoc />
    public ValueTask<Versioned<TState>> LoadAsync<TState>(string stream, CancellationToken cancellation)
        where TState : class, IState<TState>
    {
        var events = this[stream];
        return ValueTask.FromResult(new Versioned<TState>(events.Aggregate(TState.Initial, TState.Evolve), events.Count));
    }

    /// <inheritdoc />
    public ValueTask<TAnswer> AnswerAsync<TAnswer>(IFact<TAnswer> asked, CancellationToken cancellation) =>
        answer is null
            ? throw new InvalidOperationException($"{asked} was asked for, and nothing is known beside the streams.")
            : ValueTask.FromResult((TAnswer)answer(asked)!);
}
