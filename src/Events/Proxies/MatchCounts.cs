using JustRunIt.Events.Messaging;

namespace JustRunIt.Events.Proxies;

/// <summary>How the out-proxies answered the clone's requests (DESIGN §5).</summary>
/// <param name="Exact">Equal to a recorded request.</param>
/// <param name="Wildcard">Equal but for declared non-deterministic fields.</param>
/// <param name="Nearest">Answered with an equivalent.</param>
/// <param name="Missing">Answered with the protocol's own error.</param>
/// <param name="ExactByLearntValues">
/// Those of <paramref name="Exact"/> that are equal only because a value in them was translated: the original's name for it was learnt
/// where an earlier request was found by its wildcards. Null: not told.
/// </param>
public sealed record MatchCounts(long Exact, long Wildcard, long Nearest, long Missing, long? ExactByLearntValues = null)
{
    /// <summary>What is wrong with it, naming field, value and what is allowed; null when nothing is.</summary>
    /// <param name="field">Its name in the message.</param>
    internal string? Problem(string field) =>
        Wire.CountProblem($"{field}.exact", Exact)
        ?? Wire.CountProblem($"{field}.wildcard", Wildcard)
        ?? Wire.CountProblem($"{field}.nearest", Nearest)
        ?? Wire.CountProblem($"{field}.missing", Missing)
        ?? Wire.CountProblem($"{field}.exactByLearntValues", ExactByLearntValues);
}
