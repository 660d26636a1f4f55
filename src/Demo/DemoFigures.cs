using System.Text.Json.Nodes;

namespace JustRunIt.Demo;

/// <summary>What the demonstration showed: all that report and plot need. <see cref="DemoReader"/> makes it from messages.</summary>
/// <param name="Start">When the load began (UTC).</param>
/// <param name="Surges">What it grew to.</param>
/// <param name="Agreed">The agreed mean response time.</param>
/// <param name="CapacityPerSecond">What an application server with its first allocation can bear, requests a second.</param>
/// <param name="Service">The service whose load grew.</param>
/// <param name="Hypervisor">The back end that ran and cloned its servers.</param>
/// <param name="HypervisorBecause">Why it was that one.</param>
/// <param name="Problem">Why the agreement was not restored; null when it was.</param>
internal sealed record DemoFigures(
    DateTimeOffset Start,
    IReadOnlyList<DemoLoad> Surges,
    TimeSpan Agreed,
    double CapacityPerSecond,
    string Service,
    string Hypervisor,
    string? HypervisorBecause,
    string? Problem)
{
    /// <summary>End of the window that violated the agreement.</summary>
    public DateTimeOffset? ViolatedAt { get; init; }

    /// <summary>When the new allocation was in force.</summary>
    public DateTimeOffset? AppliedAt { get; init; }

    /// <summary>When the agreement held again for good.</summary>
    public DateTimeOffset? RestoredAt { get; init; }

    /// <summary>From the violation seen to the allocation in force.</summary>
    public TimeSpan? Reaction { get; init; }

    /// <summary>How much of <see cref="Reaction"/> experiments took, from command to result.</summary>
    public TimeSpan ExperimentTime { get; init; }

    /// <summary>Experiments that gave results, validations excluded; from the smallest share upward.</summary>
    public required IReadOnlyList<DemoExperiment> Experiments { get; init; }

    /// <summary>Interpolated cells; likewise.</summary>
    public required IReadOnlyList<DemoInterpolation> Interpolated { get; init; }

    /// <summary>The clones that experiments were made with.</summary>
    public required IReadOnlyList<DemoClone> Clones { get; init; }

    /// <summary>The first decision about the service.</summary>
    public DemoDecision? Decision { get; init; }

    /// <summary>Where it led to.</summary>
    public DemoPlacement? Placement { get; init; }

    /// <summary>All that is worth a line, in the order in which it was seen.</summary>
    public required IReadOnlyList<DemoLine> Timeline { get; init; }

    /// <summary>What the proxies measured since the load began.</summary>
    public required IReadOnlyList<DemoInterval> ResponseTimes { get; init; }
}

/// <summary>What was measured with one allocation.</summary>
/// <param name="Cores">CPU share, in cores.</param>
/// <param name="Share">The same in words.</param>
/// <param name="Sandbox">The clone.</param>
/// <param name="Online">The on-line server at the same time.</param>
/// <param name="Matches">How the clone's requests to the next tier were answered.</param>
internal sealed record DemoExperiment(double Cores, string Share, DemoSide Sandbox, DemoSide Online, JsonNode? Matches);

/// <summary>One side of an experiment.</summary>
/// <param name="ThroughputPerSecond">Requests answered a second.</param>
/// <param name="MeanMs">Mean response time, ms.</param>
/// <param name="P95Ms">95th percentile, ms.</param>
/// <param name="MeanStandardErrorMs">Standard error of the mean, ms.</param>
/// <param name="Requests">Requests answered.</param>
/// <param name="Errors">Requests that failed.</param>
internal sealed record DemoSide(
    double ThroughputPerSecond, double MeanMs, double P95Ms, double MeanStandardErrorMs, long Requests, long Errors);

/// <summary>A cell that was not measured.</summary>
/// <param name="Cores">CPU share, in cores.</param>
/// <param name="Share">The same in words.</param>
/// <param name="MeanMs">Mean response time, ms.</param>
internal sealed record DemoInterpolation(double Cores, string Share, double MeanMs);

/// <summary>A clone.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Hypervisor">The back end that made it.</param>
/// <param name="IsLive">Whether it is a copy of the running server; else a second one, started cold.</param>
/// <param name="Pause">How long the original stood still.</param>
/// <param name="CloneTime">From command to first answer.</param>
/// <param name="BytesCopied">Bytes that were copied.</param>
internal sealed record DemoClone(string Name, string Hypervisor, bool IsLive, TimeSpan Pause, TimeSpan CloneTime, long BytesCopied)
{
    /// <summary>How it was made, in short.</summary>
    public string How => IsLive
        ? $"live, the original stood still for {Pause.TotalMilliseconds:0} ms, {BytesCopied / 1e6:0} MB"
        : "a second server, started cold";
}

/// <summary>What was decided, in cores.</summary>
/// <param name="MinimumCores">The smallest share that keeps the agreement.</param>
/// <param name="AllocatedCores">With slack.</param>
/// <param name="IsAttainable">Whether any share tried keeps it.</param>
internal sealed record DemoDecision(double MinimumCores, double AllocatedCores, bool IsAttainable);

/// <summary>The placement that followed.</summary>
/// <param name="MachinesBefore">Machines in use before.</param>
/// <param name="MachinesAfter">Machines in use after.</param>
/// <param name="LowerBound">No placement needs fewer.</param>
/// <param name="Migrations">Servers that move.</param>
internal sealed record DemoPlacement(int MachinesBefore, int MachinesAfter, int LowerBound, int Migrations);

/// <summary>A message in words.</summary>
/// <param name="At">When it was seen (UTC).</param>
/// <param name="Event">The message's name.</param>
/// <param name="Text">The words.</param>
internal sealed record DemoLine(DateTimeOffset At, string Event, string Text);

/// <summary>What a proxy measured in a short interval.</summary>
/// <param name="Service">The service.</param>
/// <param name="At">End of the interval (UTC).</param>
/// <param name="Requests">Requests answered in it.</param>
/// <param name="Errors">Requests that failed.</param>
/// <param name="MeanMs">Mean response time, ms; null without a request.</param>
internal sealed record DemoInterval(string Service, DateTimeOffset At, long Requests, long Errors, double? MeanMs);
