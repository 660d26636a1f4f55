using System.Text.Json;
using JustRunIt.Events.Messaging;

namespace JustRunIt.Events.Tests;

/// <summary>Given these events, when this is decided, then exactly these events follow; compared as they stand on the stream.</summary>
internal static class Given
{
    public static TState Events<TState>(params IEnumerable<IDomainEvent> events)
        where TState : IState<TState> => events.Aggregate(TState.Initial, TState.Evolve);

    public static void Then(this IEnumerable<IDomainEvent> decided, params IDomainEvent[] expected) =>
        Assert.Equal(expected.Select(Json), decided.Select(Json));

    public static void ThenNothing(this IEnumerable<IDomainEvent> decided) => Assert.Empty(decided.Select(Json));

    public static string Json(object message) => $"{Wire.NameOf(message.GetType())} {JsonSerializer.Serialize(message, message.GetType(), Wire.Json)}";
}
