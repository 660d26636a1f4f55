namespace JustRunIt.Bench.Pipeline.Loaded;

/// <summary>What was seen of a run.</summary>
/// <param name="Begin">When it began (UTC).</param>
/// <param name="Services">Names of the processes.</param>
internal sealed record LoadRun(DateTimeOffset Begin, IReadOnlyList<string> Services)
{
    public List<LoadSample> Samples { get; } = [];
}

/// <summary>One look.</summary>
/// <param name="At">When (UTC).</param>
/// <param name="Waiting">Messages in all queues of the services.</param>
/// <param name="Longest">The longest queue and its length; empty when all are.</param>
/// <param name="Uncounted">Of each service, the age of the oldest report that is not counted yet, in milliseconds.</param>
/// <param name="Memory">Resident memory of each process in MiB.</param>
internal sealed record LoadSample(
    DateTimeOffset At, long Waiting, string Longest, IReadOnlyList<double> Uncounted, IReadOnlyList<double> Memory);
