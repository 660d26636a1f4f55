using System.Text.Json;
using System.Text.Json.Nodes;
using JustRunIt.Events.Sla;
using Spectre.Console;

namespace JustRunIt.Console.Demo;

/// <summary>The end of the demonstration: timeline, table, JSON.</summary>
internal static class DemoReport
{
    /// <summary>Prints timeline and table.</summary>
    public static void Print(DemoResult result, IAnsiConsole console)
    {
        console.WriteLine();
        console.WriteLine("Timeline (seconds after the load began)");
        var told = result.Seen
            .Where(observed => observed.SeenAt >= result.Start)
            .Select(observed => (At: observed.SeenAt, Line: DemoNarrator.Tell(observed.Message)))
            .Concat(result.Surges.Select(load => (load.At, Line: (string?)DemoNarrator.Tell(result.Service, load.Factor))));
        foreach (var (at, line) in told.Where(entry => entry.Line is not null).OrderBy(entry => entry.At))
            console.WriteLine($"  {Seconds(result, at),6:0.0}  {line}");

        var table = new Table().Title("Mean response time by CPU share").Border(TableBorder.Simple);
        foreach (var column in new[] { "CPU", "clone, mean ms", "clone, requests/s", "on-line, mean ms", "requests", "how" })
            table.AddColumn(new TableColumn(column).RightAligned());
        var rows = result.Experiments
            .Select(e => (e.Cpu, Cells: new[] { $"{e.Sandbox.Mean.TotalMilliseconds:0.0}", $"{e.Sandbox.ThroughputPerSecond:0.0}", $"{e.Online.Mean.TotalMilliseconds:0.0}", $"{e.Sandbox.Requests}", "measured" }))
            .Concat(result.Interpolated.Select(e => (e.Cpu, Cells: new[] { $"{e.Mean.TotalMilliseconds:0.0}", "", "", "", "interpolated" })));
        foreach (var (cpu, cells) in rows.OrderBy(row => row.Cpu))
            table.AddRow([$"{cpu}", .. cells]);
        console.Write(table);
        console.WriteLine($"Agreed mean response time {result.Agreed.TotalMilliseconds:0} ms; an application server at {DemoPlan.InitialPercent} % bears {result.CapacityPerSecond:0.0} requests/s");
        foreach (var clone in result.Clones)
            console.WriteLine($"Cloned by the {clone.Hypervisor} back end: {DemoResult.Short(clone)}; ready after {clone.CloneTime.TotalSeconds:0.0} s");
        if (result.Reaction is { } reaction)
        {
            console.WriteLine(
                $"From violation seen to allocation in force {reaction.TotalSeconds:0.0} s, {(reaction - result.ExperimentTime).TotalSeconds:0.0} s of it not experiments");
        }

        console.WriteLine(result.Problem is null ? "The SLA was restored." : $"The SLA was not restored: {result.Problem}");
    }

    /// <summary>Every figure.</summary>
    public static string Json(DemoResult result)
    {
        var json = new JsonObject
        {
            ["slaRestored"] = result.Problem is null,
            ["problem"] = result.Problem,
            ["service"] = result.Service,
            ["agreedMs"] = result.Agreed.TotalMilliseconds,
            ["capacityPerSecond"] = result.CapacityPerSecond,
            ["startedAt"] = result.Start.UtcDateTime.ToString("O"),
            ["surgeAt"] = result.Surges[0].At.UtcDateTime.ToString("O"),
            ["surges"] = new JsonArray([.. result.Surges.Select(load => new JsonObject { ["at"] = load.At.UtcDateTime.ToString("O"), ["factor"] = load.Factor })]),
            ["violatedAt"] = result.Violated?.WindowTo.UtcDateTime.ToString("O"),
            ["appliedAt"] = result.Applied?.At.UtcDateTime.ToString("O"),
            ["restoredAt"] = result.RestoredAt?.UtcDateTime.ToString("O"),
            ["reactionSeconds"] = result.Reaction?.TotalSeconds,
            ["nonExperimentSeconds"] = (result.Reaction - result.ExperimentTime)?.TotalSeconds,
            ["experiments"] = new JsonArray([.. result.Experiments.OrderBy(e => e.Cpu).Select(e => new JsonObject
            {
                ["cpu"] = e.Cpu.Cores,
                ["throughputPerSecond"] = e.Sandbox.ThroughputPerSecond,
                ["meanMs"] = e.Sandbox.Mean.TotalMilliseconds,
                ["p95Ms"] = e.Sandbox.P95.TotalMilliseconds,
                ["meanStandardErrorMs"] = e.Sandbox.MeanStandardErrorMilliseconds,
                ["liveThroughputPerSecond"] = e.Online.ThroughputPerSecond,
                ["liveMeanMs"] = e.Online.Mean.TotalMilliseconds,
                ["requests"] = e.Sandbox.Requests,
                ["errors"] = e.Sandbox.Errors,
                ["matches"] = JsonSerializer.SerializeToNode(e.Matches, Events.Messaging.Wire.Json),
            })]),
            ["clones"] = new JsonArray([.. result.Clones.Select(clone => new JsonObject
            {
                ["name"] = clone.CloneName,
                ["live"] = !clone.Cold,
                ["pauseMs"] = clone.Pause.TotalMilliseconds,
                ["cloneTimeMs"] = clone.CloneTime.TotalMilliseconds,
                ["bytesCopied"] = clone.BytesCopied,
            })]),
            ["interpolated"] = new JsonArray([.. result.Interpolated.OrderBy(e => e.Cpu).Select(e => new JsonObject
            {
                ["cpu"] = e.Cpu.Cores,
                ["meanMs"] = e.Mean.TotalMilliseconds,
            })]),
            ["decision"] = result.Decision is { } decision
                ? new JsonObject { ["minimumCpu"] = decision.Minimum.Cores, ["allocatedCpu"] = decision.Allocated.Cores, ["attainable"] = decision.Attainable }
                : null,
            ["machinesBefore"] = result.Placement?.MachinesBefore,
            ["machinesAfter"] = result.Placement?.MachinesAfter,
            ["lowerBound"] = result.Placement?.LowerBound,
            ["migrations"] = result.Placement?.Migrations,
            ["hypervisor"] = result.Hypervisor,
            ["hypervisorBecause"] = result.HypervisorBecause,
            ["simulatedMachines"] = true,
            ["coreSize"] = DemoPlan.CoreSize,
            ["timeline"] = new JsonArray([.. result.Seen.Where(observed => DemoNarrator.Tell(observed.Message) is not null).Select(observed => new JsonObject
            {
                ["at"] = observed.SeenAt.UtcDateTime.ToString("O"),
                ["event"] = observed.Message.GetType().Name,
                ["text"] = DemoNarrator.Tell(observed.Message),
            })]),
            ["responseTimes"] = new JsonArray([.. result.Of<ResponseTimesMeasured>().Where(report => report.To >= result.Start).Select(report => new JsonObject
            {
                ["service"] = report.Service,
                ["at"] = report.To.UtcDateTime.ToString("O"),
                ["requests"] = report.Requests,
                ["errors"] = report.Errors,
                ["meanMs"] = report.Requests > 0 ? report.TotalResponseTime.TotalMilliseconds / report.Requests : null,
            })]),
        };
        return json.ToJsonString(new JsonSerializerOptions { WriteIndented = true });
    }

    private static double Seconds(DemoResult result, DateTimeOffset at) => (at - result.Start).TotalSeconds;
}
