using System.Text.Json;
using System.Text.Json.Serialization;
using JustRunIt.ProxyNode.Measuring;
using JustRunIt.ProxyNode.Replaying.Comparing;
using JustRunIt.ProxyNode.StandAlone;

namespace JustRunIt.ProxyNode.Tracing;

/// <summary>What a replay of a trace measured.</summary>
/// <param name="Protocol">Of the trace.</param>
/// <param name="Trace">What the trace holds.</param>
/// <param name="Replayed">What of it was repeated.</param>
/// <param name="Live">As it was recorded, of what was repeated; the throughput is that of the whole recording.</param>
/// <param name="Sandbox">The server, from when each request was due.</param>
/// <param name="Shed">Requests that were not sent, because the replay was ended early.</param>
/// <param name="Differences">Replies that are not those recorded.</param>
/// <param name="LatenessMs">How much later than due requests were sent that waited for no other.</param>
internal sealed record TraceReport(
    string Protocol,
    TraceSummary Trace,
    ReplaySummary Replayed,
    SideFigures Live,
    SideFigures Sandbox,
    long Shed,
    Differences Differences,
    LatenessFigures LatenessMs)
{
    /// <summary>The figures of a replay that is over.</summary>
    public static TraceReport Of(
        TraceFile trace, int sessions, IReadOnlyList<TracePlan.Planned> plan, TraceReplay replay, ReplayOptions options)
    {
        var seconds = trace.Exchanges.Count == 0
            ? 0
            : trace.Exchanges.Max(exchange => exchange.Entry.Arrival + exchange.Entry.ResponseTime).TotalSeconds;
        var lateness = replay.Lateness.Read();
        return new TraceReport(
            trace.Protocol.Name,
            new TraceSummary(trace.StartedAt, seconds, trace.Exchanges.Count, sessions, trace.CutOffBytes),
            new ReplaySummary(
                replay.Elapsed.TotalSeconds, replay.Sent, plan.Count, options.Fraction, options.Speed, options.Seed, options.Pace),
            SideFigures.Of(replay.Live.Read(), TimeSpan.Zero) with
            {
                ThroughputPerSecond = seconds > 0 ? trace.Exchanges.Count / seconds : 0,
            },
            SideFigures.Of(replay.Sandbox.Read(), replay.Elapsed),
            replay.Planned - replay.Sent,
            replay.Comparison.Read(),
            LatenessFigures.Of(lateness));
    }
}

/// <summary>What a trace holds.</summary>
/// <param name="StartedAt">When the recording began.</param>
/// <param name="Seconds">From then to the end of the last exchange.</param>
/// <param name="Requests">Requests recorded.</param>
/// <param name="Sessions">Sessions, by the rules.</param>
/// <param name="CutOffBytes">Bytes after the last whole exchange.</param>
internal sealed record TraceSummary(DateTimeOffset StartedAt, double Seconds, long Requests, int Sessions, long CutOffBytes);

/// <summary>What was repeated.</summary>
/// <param name="Seconds">How long it took.</param>
/// <param name="Requests">Requests sent.</param>
/// <param name="Sessions">Sessions, copies included.</param>
/// <param name="Fraction">Sessions to those recorded.</param>
/// <param name="Speed">Sessions begun a second, to those recorded.</param>
/// <param name="Seed">Of the choice.</param>
/// <param name="Pace">How fast sessions went on, to how fast they did.</param>
internal sealed record ReplaySummary(
    double Seconds, long Requests, int Sessions, double Fraction, double Speed, int Seed, double Pace);

/// <summary>The report as JSON.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, WriteIndented = true)]
[JsonSerializable(typeof(TraceReport))]
internal sealed partial class TraceReportJson : JsonSerializerContext;
