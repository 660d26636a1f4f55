using JustRunIt.Events.Messaging;
using JustRunIt.Events.Naming;

namespace JustRunIt.Events.Proxies;

/// <summary>A proxy node's answer to <see cref="StartReplay"/>.</summary>
/// <param name="Subject">Stream that asked.</param>
/// <param name="RequestId">The experiment.</param>
/// <param name="ProxyNode">The proxy node.</param>
/// <param name="From">Start of the measured arrivals on-line (UTC).</param>
/// <param name="To">End of the measured arrivals on-line, exclusive (UTC).</param>
/// <param name="Online">The on-line side; null when nothing was measured.</param>
/// <param name="Sandbox">The sandbox side; null when nothing was measured.</param>
/// <param name="Matches">How the clone's own requests were answered.</param>
/// <param name="Shed">Duplicates dropped because memory was short.</param>
/// <param name="Failure">Why this is no result; null when it is one.</param>
/// <param name="GivenUp">Duplicates given up for other reasons than memory, by why (docs/protocols.md); null: none, or not told.</param>
[WireName("justrunit.replay-measured.v2")]
public sealed record ReplayMeasured(
    string Subject,
    Guid RequestId,
    [Named] string ProxyNode,
    DateTimeOffset From,
    DateTimeOffset To,
    SideMeasured? Online,
    SideMeasured? Sandbox,
    MatchCounts Matches,
    long Shed,
    string? Failure,
    IReadOnlyDictionary<string, long>? GivenUp = null) : IReport
{
    /// <summary>Why it is no measurement, in one line that names the field and the value; null when nothing speaks against it.</summary>
    public string? Problem() => To < From
        ? $"to: {To:O} must not be earlier than from, {From:O}"
        : ProblemOf("online", Online)
            ?? ProblemOf("sandbox", Sandbox)
            ?? Matches.Problem("matches")
            ?? Wire.CountProblem("shed", Shed)
            ?? GivenUp?.Select(given => Wire.CountProblem($"givenUp.{given.Key}", given.Value))
                .FirstOrDefault(problem => problem is not null);

    private static string? ProblemOf(string name, SideMeasured? side) => side switch
    {
        null => null,
        { Requests: < 1 } => $"{name}.requests: {side.Requests}; allowed is 1 or more",
        { Requests: > Wire.MostWhole } => Wire.CountProblem($"{name}.requests", side.Requests),
        { Errors: < 0 } => $"{name}.errors: {side.Errors}; allowed is 0 or more",
        _ when side.Errors > side.Requests => $"{name}.errors: {side.Errors}; allowed is at most {side.Requests}, as there are requests",
        _ => side.Metrics.Metrics.Where(metric => side.Metrics[metric]!.Value.Value < 0)
            .Select(metric => $"{name}.metrics.{metric}: {side.Metrics[metric]!.Value.Value}; allowed is 0 or more").FirstOrDefault(),
    };
}
