using System.Text.Json;
using System.Text.Json.Nodes;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Settings;

namespace JustRunIt.Events.Deciding;

/// <summary>
/// Everything that a decider read, as it stands in the headers of every event that it decided: with it and the streams, the
/// decider decides the same again.
/// </summary>
/// <param name="Decider">The decider's name.</param>
/// <param name="Rule">The version of its rule.</param>
/// <param name="At">The clock (UTC).</param>
/// <param name="Message">The message that it answered.</param>
/// <param name="Streams">The version of every stream that was read, by name, sorted.</param>
/// <param name="Facts">What was read beside the streams.</param>
/// <param name="Policy">Name and version of the policy that was read; null when none was.</param>
/// <param name="Folds">
/// The rules by which the states that were read were folded (<see cref="IState{TSelf}.Fold"/>), by the state's name, sorted; null in
/// records of programs that did not say.
/// </param>
public sealed record DecisionRecord(
    string Decider,
    int Rule,
    DateTimeOffset At,
    RecordedMessage Message,
    IReadOnlyDictionary<string, long> Streams,
    IReadOnlyList<RecordedFact> Facts,
    RecordedPolicy? Policy,
    IReadOnlyDictionary<string, int>? Folds = null)
{
    /// <summary>Name of the header.</summary>
    public const string Header = "decision";

    /// <summary>The record of a decision.</summary>
    public static DecisionRecord Of(IDecider decider, object message, Cause cause, Reading reading)
    {
        ArgumentNullException.ThrowIfNull(decider);
        ArgumentNullException.ThrowIfNull(message);
        ArgumentNullException.ThrowIfNull(cause);
        ArgumentNullException.ThrowIfNull(reading);
        return new DecisionRecord(
            decider.Name,
            decider.Version,
            cause.At,
            new RecordedMessage(Wire.NameOf(message.GetType()), cause.MessageId, cause.CorrelationId, Json(message)!),
            reading.Versions,
            [.. reading.Facts.Select(fact => new RecordedFact(fact.Asked.GetType().Name, Json(fact.Asked)!, Json(fact.Answer)))],
            reading.Policy is { } policy ? RecordedPolicy.Of(policy) : null,
            reading.Folds);
    }

    private static JsonNode? Json(object? value) =>
        value is null ? null : JsonSerializer.SerializeToNode(value, value.GetType(), Wire.Json);
}

/// <summary>A message as a decider read it.</summary>
/// <param name="Type">Its wire name.</param>
/// <param name="Id">Its id.</param>
/// <param name="CorrelationId">Its correlation.</param>
/// <param name="Body">Its body.</param>
public sealed record RecordedMessage(string Type, Guid Id, Guid CorrelationId, JsonNode Body);

/// <summary>What was read beside the streams.</summary>
/// <param name="Type">Kind of question.</param>
/// <param name="Asked">The question.</param>
/// <param name="Answer">The answer; null when there was none.</param>
public sealed record RecordedFact(string Type, JsonNode Asked, JsonNode? Answer);

/// <summary>A policy by name and version.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Version">Its version; 0 for the program's defaults.</param>
/// <param name="Body">
/// The policy itself where no stream holds it: the program's defaults, which another program may have others of. Null where a stream
/// does, and in records of programs that did not say.
/// </param>
public sealed record RecordedPolicy(string Name, int Version, Policy? Body = null)
{
    /// <summary>The record of a policy.</summary>
    public static RecordedPolicy Of(Policy policy)
    {
        ArgumentNullException.ThrowIfNull(policy);
        return new RecordedPolicy(policy.Name, policy.Version, policy.Version == 0 ? policy : null);
    }
}
