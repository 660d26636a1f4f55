using System.Collections.Immutable;
using System.Text.Json.Serialization;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Resources;

namespace JustRunIt.Events.Matrices;

/// <summary>What a matrix' stream says so far.</summary>
/// <param name="Opened">Its settings; null before it was opened.</param>
/// <param name="Measured">
/// Results by cell; a validation replaces nothing that was measured, and lifts the flag of what was interpolated.
/// </param>
/// <param name="Interpolated">Interpolated values by cell that no measurement has replaced.</param>
/// <param name="Pruned">Cells that a heuristic cancelled.</param>
/// <param name="Failed">Cells whose last experiment failed.</param>
/// <param name="Started">Experiments of the exploration that were started.</param>
/// <param name="LeasedAt">When the sandbox was first held (UTC); null before.</param>
/// <param name="PendingClone">The clone that was asked for and has not answered.</param>
/// <param name="ReadyClone">The clone that is ready.</param>
/// <param name="Running">The experiment that runs.</param>
/// <param name="RunningIsAllocated">Whether the clone has the allocation of the experiment that runs.</param>
/// <param name="CloneAttempts">Clones asked for since the last that was ready.</param>
/// <param name="ExplorationEnded">True once the driver was done with exploring.</param>
/// <param name="ValidationActive">True while a validation holds, or waits for, the sandbox.</param>
/// <param name="Validations">Cells whose validation was asked for and is not done, in order.</param>
/// <param name="ValidationDeadline">Validations end at this time (UTC).</param>
/// <param name="Filled">True once the interpolator was done.</param>
/// <param name="Outside">Why its experiments cannot reproduce what its exploration is about; null while they may.</param>
/// <param name="EndedAt">When its exploration ended (UTC); null before.</param>
/// <param name="Checked">Cells that the checker has confirmed or objected to.</param>
public sealed record MatrixState(
    MatrixOpened? Opened,
    ImmutableSortedDictionary<Cell, ExperimentCompleted> Measured,
    ImmutableSortedDictionary<Cell, CellInterpolated> Interpolated,
    ImmutableSortedSet<Cell> Pruned,
    ImmutableSortedSet<Cell> Failed,
    int Started,
    DateTimeOffset? LeasedAt,
    CloneRequested? PendingClone,
    CloneReady? ReadyClone,
    ExperimentStarted? Running,
    bool RunningIsAllocated,
    int CloneAttempts,
    bool ExplorationEnded,
    bool ValidationActive,
    ImmutableList<Cell> Validations,
    DateTimeOffset ValidationDeadline,
    bool Filled,
    CauseOutside? Outside,
    DateTimeOffset? EndedAt,
    ImmutableSortedSet<Cell> Checked) : IState<MatrixState>
{
    /// <inheritdoc />
    public static MatrixState Initial { get; } = new(
        Opened: null,
        Measured: ImmutableSortedDictionary<Cell, ExperimentCompleted>.Empty,
        Interpolated: ImmutableSortedDictionary<Cell, CellInterpolated>.Empty,
        Pruned: [],
        Failed: [],
        Started: 0,
        LeasedAt: null,
        PendingClone: null,
        ReadyClone: null,
        Running: null,
        RunningIsAllocated: false,
        CloneAttempts: 0,
        ExplorationEnded: false,
        ValidationActive: false,
        Validations: [],
        ValidationDeadline: default,
        Filled: false,
        Outside: null,
        EndedAt: null,
        Checked: []);

    /// <summary>The matrix' settings.</summary>
    /// <exception cref="InvalidOperationException">The matrix was never opened.</exception>
    [JsonIgnore]
    public MatrixOpened Settings => Opened ?? throw new InvalidOperationException("The matrix was never opened.");

    /// <summary>The matrix' dimensions.</summary>
    [JsonIgnore]
    public MatrixShape Shape => new([.. Settings.Dimensions]);

    /// <summary>True while experiments run or wait for the sandbox.</summary>
    [JsonIgnore]
    public bool IsActive => Opened is not null && (!ExplorationEnded || ValidationActive);

    /// <summary>What an experiment that starts now is for.</summary>
    [JsonIgnore]
    public ExperimentPurpose Purpose => ExplorationEnded ? ExperimentPurpose.Validate : ExperimentPurpose.Explore;

    /// <summary>
    /// No experiment ends after this time (UTC). Waiting for a sandbox that another matrix holds takes nothing from an
    /// exploration's time budget; null while it waits.
    /// </summary>
    [JsonIgnore]
    public DateTimeOffset? Deadline => ExplorationEnded ? ValidationDeadline : Settings.Deadline + (LeasedAt - Settings.At);

    /// <summary>Cells that have no value although no heuristic cancelled them.</summary>
    [JsonIgnore]
    public IEnumerable<Cell> Blank =>
        Shape.Cells.Where(cell => !Measured.ContainsKey(cell) && !Interpolated.ContainsKey(cell) && !Pruned.Contains(cell));

    /// <summary>Whether an experiment that starts now would end after the deadline.</summary>
    /// <param name="now">UTC.</param>
    public bool IsOutOfTime(DateTimeOffset now) =>
        now + Settings.Durations.Longest > (Deadline ?? now + (Settings.Deadline - Settings.At));

    /// <summary>The cell's amount of each dimension's resource.</summary>
    public Allocation AllocationOf(Cell cell)
    {
        ArgumentNullException.ThrowIfNull(cell);
        return new Allocation(
            Settings.Dimensions.Select((dimension, i) => KeyValuePair.Create(dimension.Resource, dimension.ValueAt(cell[i]))));
    }

    /// <inheritdoc />
    public static MatrixState Evolve(MatrixState state, IDomainEvent @event)
    {
        ArgumentNullException.ThrowIfNull(state);
        return @event switch
        {
            MatrixOpened e => state with { Opened = e },
            SandboxAwaited => state,
            CloneRequested e => state with
            {
                LeasedAt = state.LeasedAt ?? e.At,
                PendingClone = e,
                ReadyClone = null,
                CloneAttempts = state.CloneAttempts + 1,
            },
            CloneReady e => state with { PendingClone = null, ReadyClone = e, CloneAttempts = 0 },
            CloneFailed => state with { PendingClone = null, ReadyClone = null },
            ExperimentStarted e => state with
            {
                Running = e,
                RunningIsAllocated = false,
                Started = state.Started + (e.Purpose == ExperimentPurpose.Explore ? 1 : 0),
            },
            SandboxAllocated => state with { RunningIsAllocated = true },
            ExperimentCompleted e => state with
            {
                Running = null,
                Measured = state.Measured.SetItem(e.Cell, e),
                Validations = state.Validations.Remove(e.Cell),
                Failed = state.Failed.Remove(e.Cell),
            },
            ExperimentFailed e => state with
            {
                Running = null,
                Failed = state.Failed.Add(e.Cell),
                Validations = state.Validations.Remove(e.Cell),
            },
            CellsPruned e => state with { Pruned = state.Pruned.Union(e.Cells) },
            CauseOutside e => state with { Outside = e },
            ExperimentsEnded e => state with
            {
                ExplorationEnded = true,
                EndedAt = e.Purpose == ExperimentPurpose.Explore ? e.At : state.EndedAt,
                ValidationActive = false,
                Validations = e.Purpose == ExperimentPurpose.Validate ? [] : state.Validations,
                PendingClone = null,
                ReadyClone = null,
                CloneAttempts = 0,
            },
            CellInterpolated e => state with { Interpolated = state.Interpolated.SetItem(e.Cell, e) },
            MatrixFilled => state with { Filled = true },
            InterpolationUsed => state,
            ValidationScheduled e => state with
            {
                ValidationActive = true,
                Validations = state.Validations.Contains(e.Cell) ? state.Validations : state.Validations.Add(e.Cell),
                ValidationDeadline = e.Deadline,
            },
            InterpolationConfirmed e => state with { Checked = state.Checked.Add(e.Cell) },
            MismatchDetected e => state with { Checked = state.Checked.Add(e.Cell) },
            _ => throw new UnknownEventException(typeof(MatrixState), @event),
        };
    }
}
