using System.Text.Json;
using System.Text.Json.Serialization;
using JustRunIt.Events.Proxies;
using JustRunIt.ProxyNode.Installing;
using JustRunIt.ProxyNode.Measuring;
using JustRunIt.ProxyNode.Recording;
using JustRunIt.ProxyNode.Relaying;
using JustRunIt.ProxyNode.Replaying.Accounting;
using JustRunIt.ProxyNode.Replaying.Comparing;
using JustRunIt.ProxyNode.Replaying.GivingUp;
using JustRunIt.ProxyNode.Sandboxes;
using JustRunIt.ProxyNode.Tracing;

namespace JustRunIt.ProxyNode.StandAlone;

/// <summary>The figures of a stand-alone proxy since its start, or since they were reset.</summary>
/// <param name="Role">in or out.</param>
/// <param name="Protocol">Of both sides.</param>
/// <param name="TimeShiftMs">How far the clone is behind.</param>
/// <param name="Live">On-line: from a request's arrival to the last byte of its reply; null of a protocol that is only relayed.</param>
/// <param name="Sandbox">Clone: from when the duplicate was due; null when there is none.</param>
/// <param name="Matches">How the clone's requests to the next tier were answered: out-proxy, or in-proxy with a peer.</param>
/// <param name="Shed">Duplicates that were never sent because memory was short.</param>
/// <param name="Differences">Replies in which both sides differ; null without a clone.</param>
/// <param name="LatenessMs">How much later than due the duplicates were sent that waited for no other; null without a clone.</param>
/// <param name="Record">Out-proxy: what is on record; null at an in-proxy, and where nothing is recorded.</param>
/// <param name="Trace">What was recorded into a file; null when nothing is.</param>
/// <param name="Process">What the proxy itself took.</param>
internal sealed record Report(
    string Role,
    string Protocol,
    double TimeShiftMs,
    SideFigures? Live,
    SideFigures? Sandbox,
    Matches? Matches,
    long Shed,
    Differences? Differences,
    LatenessFigures? LatenessMs,
    RecordFigures? Record,
    TraceFigures? Trace,
    ProcessFigures Process)
{
    /// <summary>
    /// Why the figures say nothing of the clone: why it could not be spoken to, the last time - it could not be connected to, refused a
    /// log-in, broke its protocol -, or that most duplicates were given up; null where neither was so.
    /// </summary>
    public string? SandboxFailure { get; init; }

    /// <summary>
    /// The clients' connections, and the requests over them, since the proxy was started: of each, as many as arrived are accounted for.
    /// </summary>
    public ConnectionFigures? Connections { get; init; }

    /// <summary>What became of every on-line request at the clone, with nothing left out; null without a clone.</summary>
    public DuplicateFigures? Duplicates { get; init; }

    /// <summary>
    /// Duplicates that were given up for other reasons than memory, by why; null without a clone. All together they are
    /// <see cref="DuplicateFigures.GivenUp"/>.
    /// </summary>
    public IReadOnlyDictionary<string, GivenUpFigures>? GivenUp { get; init; }

    /// <summary>
    /// Out-proxy: all matches since it was started, whatever was reset; a peer counts from a moment of its own. Null elsewhere.
    /// </summary>
    public Matches? AllMatches { get; init; }

    /// <summary>Out-proxy: samples of the clone's requests that are nearest or missing, beside what they were matched with.</summary>
    public IReadOnlyList<MatchSample>? MatchSamples { get; init; }

    /// <summary>Of a proxy that is installed around an address: which connections go through it; null of any other.</summary>
    public InstalledFigures? Installed { get; init; }

    /// <summary>Out-proxy: who came to the clone's address and was not answered; null where there is none.</summary>
    public SandboxRefused? Refused { get; init; }
}

/// <summary>One side's figures.</summary>
internal sealed record SideFigures(
    long Requests, double ThroughputPerSecond, double MeanMs, double P50Ms, double P95Ms, double P99Ms, double MaxMs, long Errors)
{
    /// <summary>The figures of a time.</summary>
    public static SideFigures Of(ResponseTimes.Summary summary, TimeSpan time) => new(
        summary.Requests,
        time > TimeSpan.Zero ? summary.Requests / time.TotalSeconds : 0,
        summary.Mean.TotalMilliseconds,
        summary.P50.TotalMilliseconds,
        summary.P95.TotalMilliseconds,
        summary.P99.TotalMilliseconds,
        summary.Maximum.TotalMilliseconds,
        summary.Errors);
}

/// <summary>How the clone's requests were answered.</summary>
/// <param name="Exact">Equal to a recorded request.</param>
/// <param name="Wildcard">Equal but for declared non-deterministic fields.</param>
/// <param name="Nearest">Answered with an equivalent.</param>
/// <param name="Missing">Answered with the protocol's own error.</param>
internal sealed record Matches(long Exact, long Wildcard, long Nearest, long Missing)
{
    /// <summary>
    /// Those of <see cref="Exact"/> that are equal only because a value in them was translated: the original's name for it was learnt
    /// where an earlier request was found by its wildcards.
    /// </summary>
    public long ExactByLearntValues { get; init; }

    /// <summary>What a counter has counted.</summary>
    public static Matches Of(MatchCounts counts) =>
        new(counts.Exact, counts.Wildcard, counts.Nearest, counts.Missing) { ExactByLearntValues = counts.ExactByLearntValues ?? 0 };

    /// <summary>
    /// What was counted after a moment. A count that has fallen since is of a proxy that has begun anew: all of it came after.
    /// </summary>
    public Matches Since(Matches? before) =>
        before is null || Exact < before.Exact || Wildcard < before.Wildcard || Nearest < before.Nearest || Missing < before.Missing
            || ExactByLearntValues < before.ExactByLearntValues
            ? this
            : new Matches(Exact - before.Exact, Wildcard - before.Wildcard, Nearest - before.Nearest, Missing - before.Missing)
            {
                ExactByLearntValues = ExactByLearntValues - before.ExactByLearntValues,
            };
}

/// <summary>Percentiles of lateness.</summary>
internal sealed record LatenessFigures(double P50, double P99, double Max)
{
    /// <summary>The percentiles of a time, in milliseconds.</summary>
    public static LatenessFigures Of(ResponseTimes.Summary summary) =>
        new(summary.P50.TotalMilliseconds, summary.P99.TotalMilliseconds, summary.Maximum.TotalMilliseconds);
}

/// <summary>What is on record.</summary>
/// <param name="Exchanges">Exchanges held.</param>
/// <param name="Lost">Exchanges that could not be kept.</param>
internal sealed record RecordFigures(int Exchanges, long Lost);

/// <summary>What the process took.</summary>
/// <param name="CpuSeconds">CPU time since its start.</param>
/// <param name="PeakBytes">Largest resident memory so far.</param>
/// <param name="AllocatedBytes">Allocated on the managed heap since its start.</param>
/// <param name="Collections">Garbage collections since its start.</param>
/// <param name="Connections">Client connections that are open.</param>
internal sealed record ProcessFigures(double CpuSeconds, long PeakBytes, long AllocatedBytes, int Collections, int Connections);

/// <summary>The report as JSON.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, WriteIndented = true)]
[JsonSerializable(typeof(Report))]
internal sealed partial class ReportJson : JsonSerializerContext;
