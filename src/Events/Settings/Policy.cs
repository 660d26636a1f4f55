using System.Collections.Immutable;

namespace JustRunIt.Events.Settings;

/// <summary>
/// Everything that deciders take for granted beside a service's own settings: a value that is passed in and recorded, never a
/// constant in a decider. Set for each data centre by <see cref="DataCenterConfigured"/>.
/// </summary>
/// <param name="Name">For people: <c>default</c>, or what the configuration says.</param>
/// <param name="Version">Counts the changes of this data centre's policy, from 1; 0 before one was recorded.</param>
/// <param name="Exploring">When an exploration begins, and how patiently it goes on.</param>
/// <param name="Filling">How blank cells get a value.</param>
/// <param name="Checking">How interpolated values are validated.</param>
/// <param name="Placing">How allocations and places are decided and carried out.</param>
public sealed record Policy(
    string Name,
    int Version,
    ExploringPolicy Exploring,
    FillingPolicy Filling,
    CheckingPolicy Checking,
    PlacingPolicy Placing)
{
    /// <summary>How windows are filled, and what is said of them.</summary>
    public MonitoringPolicy Monitoring { get; init; } = new();

    /// <summary>The defaults of this version of the program.</summary>
    public static Policy Default { get; } = new("default", 0, new(), new(), new(), new());
}

/// <summary>How windows are filled, and what is said of them.</summary>
public sealed record MonitoringPolicy
{
    /// <summary>
    /// How far the clock of a proxy node or monitor may lie ahead of the Monitor's. Two nodes may differ by twice as much: further behind
    /// the first, a node is not waited for, and what it reports of windows that are closed does not count.
    /// </summary>
    public TimeSpan ClockTolerance { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Slack has changed materially when its metric has moved by more than this fraction of the bound.</summary>
    public double SlackChange { get; init; } = 0.2;

    /// <summary>The longest pause before slack that stays is said again.</summary>
    public TimeSpan SlackReminder { get; init; } = TimeSpan.FromDays(1);
}

/// <summary>When an exploration begins, and how patiently it goes on.</summary>
public sealed record ExploringPolicy
{
    /// <summary>A host agent that has not answered a request for a clone after this long has failed.</summary>
    public TimeSpan CloneTimeout { get; init; } = TimeSpan.FromSeconds(90);

    /// <summary>Added to an experiment's longest duration before it counts as lost.</summary>
    public TimeSpan ExperimentGrace { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long to wait before a sandbox that another matrix holds is tried again.</summary>
    public TimeSpan SandboxRetryAfter { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Clones that fail so often in a row end the experiments.</summary>
    public int CloneAttempts { get; init; } = 3;

    /// <summary>
    /// How often an exploration whose matrix decided nothing is begun again at once; after that the next violation begins one.
    /// </summary>
    public int Repetitions { get; init; } = 2;

    /// <summary>
    /// A larger fraction of the clone's requests may fail than of the original's by so much before the result is none: a quick error is
    /// no success.
    /// </summary>
    public double ErrorTolerance { get; init; } = 0.05;

    /// <summary>
    /// What an external monitor sees and what the in-proxy sees may differ by this fraction of the agreement's bound before slack
    /// that only the monitor sees is called one that experiments cannot reproduce.
    /// </summary>
    public double SourceTolerance { get; init; } = 0.2;
}

/// <summary>How blank cells get a value.</summary>
public sealed record FillingPolicy
{
    /// <summary>Name of the interpolation method.</summary>
    public string Method { get; init; } = "linear";
}

/// <summary>How interpolated values are validated.</summary>
public sealed record CheckingPolicy
{
    /// <summary>A validation that has not been run after so long is given up.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromMinutes(10);
}

/// <summary>How allocations and places are decided and carried out.</summary>
public sealed record PlacingPolicy
{
    /// <summary>How long to wait before a matrix is looked at again while another placement is in progress.</summary>
    public TimeSpan RetryAfter { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>A host agent that has not answered a step after this long has failed.</summary>
    public TimeSpan StepTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>A matrix whose exploration ended longer ago decides nothing: the load that it was measured under has passed.</summary>
    public TimeSpan MatrixValidFor { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>How many standard errors a value must be above the bound before a larger allocation contradicts a smaller one.</summary>
    public double ContradictionErrors { get; init; } = 2;

    /// <summary>
    /// What a unit of each resource weighs against the largest tried when the cheapest sufficient cell is chosen; 1 where none is named.
    /// </summary>
    /// <remarks>Sorted by name, wherever it comes from: a policy is compared with the one before by its text.</remarks>
    public IReadOnlyDictionary<string, double> Weights
    {
        get;
        init => field = value.ToImmutableSortedDictionary(StringComparer.Ordinal);
    }
        = ImmutableSortedDictionary.Create<string, double>(StringComparer.Ordinal);

    /// <summary>Virtual machines of different tiers do not share a machine (§2.2.1, Figure 2).</summary>
    public bool TiersApart { get; init; } = true;

    /// <summary>Virtual machines of one tier of one service do not share a machine, for availability (§2.1).</summary>
    public bool SameTierOfServiceApart { get; init; } = true;

    /// <summary>Steps of the annealing beside those for each virtual machine.</summary>
    public int AnnealingIterations { get; init; } = 4_000;

    /// <summary>Steps of the annealing for each virtual machine that may move.</summary>
    public int AnnealingIterationsPerVm { get; init; } = 1_500;

    /// <summary>Temperature at which the annealing begins; a machine weighs 1,000.</summary>
    public double FirstTemperature { get; init; } = 1_500;

    /// <summary>Temperature at which the annealing ends.</summary>
    public double LastTemperature { get; init; } = 0.3;
}
