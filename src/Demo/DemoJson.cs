using System.Text.Json;
using System.Text.Json.Nodes;

namespace JustRunIt.Demo;

/// <summary>Every figure of the demonstration as JSON.</summary>
internal static class DemoJson
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    /// <summary>The text.</summary>
    public static string Write(DemoFigures figures) => new JsonObject
    {
        ["slaRestored"] = figures.Problem is null,
        ["problem"] = figures.Problem,
        ["service"] = figures.Service,
        ["agreedMs"] = figures.Agreed.TotalMilliseconds,
        ["capacityPerSecond"] = figures.CapacityPerSecond,
        ["startedAt"] = Utc(figures.Start),
        ["surgeAt"] = Utc(figures.Surges[0].At),
        ["surges"] = Array(figures.Surges, load => new JsonObject { ["at"] = Utc(load.At), ["factor"] = load.Factor }),
        ["violatedAt"] = Utc(figures.ViolatedAt),
        ["appliedAt"] = Utc(figures.AppliedAt),
        ["restoredAt"] = Utc(figures.RestoredAt),
        ["reactionSeconds"] = figures.Reaction?.TotalSeconds,
        ["nonExperimentSeconds"] = (figures.Reaction - figures.ExperimentTime)?.TotalSeconds,
        ["experiments"] = Array(figures.Experiments, Experiment),
        ["clones"] = Array(figures.Clones, clone => new JsonObject
        {
            ["name"] = clone.Name,
            ["live"] = clone.IsLive,
            ["pauseMs"] = clone.Pause.TotalMilliseconds,
            ["cloneTimeMs"] = clone.CloneTime.TotalMilliseconds,
            ["bytesCopied"] = clone.BytesCopied,
        }),
        ["interpolated"] = Array(figures.Interpolated, e => new JsonObject { ["cpu"] = e.Cores, ["meanMs"] = e.MeanMs }),
        ["decision"] = figures.Decision is not { } decision ? null : new JsonObject
        {
            ["minimumCpu"] = decision.MinimumCores,
            ["allocatedCpu"] = decision.AllocatedCores,
            ["attainable"] = decision.IsAttainable,
        },
        ["machinesBefore"] = figures.Placement?.MachinesBefore,
        ["machinesAfter"] = figures.Placement?.MachinesAfter,
        ["lowerBound"] = figures.Placement?.LowerBound,
        ["migrations"] = figures.Placement?.Migrations,
        ["hypervisor"] = figures.Hypervisor,
        ["hypervisorBecause"] = figures.HypervisorBecause,
        ["simulatedMachines"] = true,
        ["coreSize"] = DemoPlan.CoreSize,
        ["timeline"] = Array(figures.Timeline, line => new JsonObject
        {
            ["at"] = Utc(line.At),
            ["event"] = line.Event,
            ["text"] = line.Text,
        }),
        ["responseTimes"] = Array(figures.ResponseTimes, interval => new JsonObject
        {
            ["service"] = interval.Service,
            ["at"] = Utc(interval.At),
            ["requests"] = interval.Requests,
            ["errors"] = interval.Errors,
            ["meanMs"] = interval.MeanMs,
        }),
    }.ToJsonString(Indented);

    private static JsonObject Experiment(DemoExperiment e) => new()
    {
        ["cpu"] = e.Cores,
        ["throughputPerSecond"] = e.Sandbox.ThroughputPerSecond,
        ["meanMs"] = e.Sandbox.MeanMs,
        ["p95Ms"] = e.Sandbox.P95Ms,
        ["meanStandardErrorMs"] = e.Sandbox.MeanStandardErrorMs,
        ["liveThroughputPerSecond"] = e.Online.ThroughputPerSecond,
        ["liveMeanMs"] = e.Online.MeanMs,
        ["requests"] = e.Sandbox.Requests,
        ["errors"] = e.Sandbox.Errors,
        ["matches"] = e.Matches?.DeepClone(),
    };

    private static JsonArray Array<T>(IEnumerable<T> rows, Func<T, JsonObject> write) => new([.. rows.Select(row => (JsonNode)write(row))]);

    private static string Utc(DateTimeOffset at) => at.UtcDateTime.ToString("O");

    private static string? Utc(DateTimeOffset? at) => at is { } given ? Utc(given) : null;
}
