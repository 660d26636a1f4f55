using System.Text.Json;
using JustRunIt.Events.Deciding;
using JustRunIt.Events.Messaging;

namespace JustRunIt.Events.Tests;

/// <summary>Given these events, when this is decided, then exactly these events follow; compared as they stand on the stream.</summary>
internal static class Given
{
    public static TState Events<TState>(params IEnumerable<IDomainEvent> events)
        where TState : IState<TState> => events.Aggregate(TState.Initial, TState.Evolve);

    /// <summary>Streams with these events, on which deciders are run; facts have no answer unless one is given.</summary>
    public static InMemoryStreams Stream(string stream, params IEnumerable<IDomainEvent> events) =>
        new InMemoryStreams(_ => null).Given(stream, events);

    /// <summary>What a decider says; nothing is appended.</summary>
    public static Decision When<TMessage>(this InMemoryStreams streams, TMessage message, IDecider<TMessage> decider, Cause? cause = null)
        where TMessage : class => streams.When(decider, message, cause ?? Sample.Cause()).Decision;

    public static void Then(this IEnumerable<IDomainEvent> decided, params IDomainEvent[] expected) =>
        Assert.Equal(expected.Select(Json), decided.Select(Json));

    /// <summary>The events of the whole decision, in order.</summary>
    public static void Then(this Decision decision, params IDomainEvent[] expected) =>
        decision.Streams.SelectMany(entry => entry.Events).Then(expected);

    public static void ThenNothing(this Decision decision, WhyNothing why)
    {
        Assert.Empty(decision.Streams.SelectMany(entry => entry.Events).Select(Json));
        Assert.Equal(why, decision.Why);
        Assert.NotEmpty(decision.Detail);
    }

    /// <summary>The correlation of each event of the whole decision, in order.</summary>
    public static IReadOnlyList<Guid> Correlations(this Decision decision, Cause? cause = null) =>
        [.. decision.Streams.SelectMany(entry => entry.Events).Select(e => decision.CorrelationOf(e, cause ?? Sample.Cause()))];

    public static string Json(object message) =>
        $"{Wire.NameOf(message.GetType())} {JsonSerializer.Serialize(message, message.GetType(), Wire.Json)}";
}
