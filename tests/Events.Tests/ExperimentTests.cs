using JustRunIt.Events.Hosts;
using JustRunIt.Events.Matrices;
using JustRunIt.Events.Matrices.Geometry;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Quantities;
using JustRunIt.Events.Sandboxes;
using JustRunIt.Events.Timers;
using static JustRunIt.Events.Tests.Sample;

namespace JustRunIt.Events.Tests;

/// <summary>Lease, clone, allocate, replay, measure; whatever fails, the driver goes on (§2.2.1, DESIGN §4).</summary>
public sealed class ExperimentTests
{
    private static readonly Guid Request = DeterministicId.From(Cause().MessageId, "clone");
    private static readonly CloneRequested Clone = Requested(Request);
    private static readonly Guid Experiment = DeterministicId.From(Cause(2).MessageId, "experiment");
    private static readonly SandboxState Free = SandboxState.Initial;
    private static readonly SandboxLeased Lease = new("sandbox-1", Streams.Matrix(MatrixId), Clone.LeaseUntil);
    private static readonly SandboxState Ours = Given.Events<SandboxState>(Lease);

    [Fact]
    public void A_free_sandbox_is_leased_and_a_clone_asked_for()
    {
        var decision = ExperimentDecider.AcquireClone(Given.Events<MatrixState>(Opened), Free, Cause());
        decision.Matrix.Then(Clone);
        decision.Sandbox.Then(Lease);
    }

    [Fact]
    public void A_sandbox_that_another_matrix_holds_is_waited_for()
    {
        var held = Given.Events<SandboxState>(new SandboxLeased("sandbox-1", "matrix-other", Noon + Seconds(1)));
        ExperimentDecider.AcquireClone(Given.Events<MatrixState>(Opened), held, Cause()).Matrix
            .Then(new SandboxAwaited(MatrixId, "sandbox-1", "matrix-other", Noon + ExperimentDecider.SandboxRetryAfter));
        // A lease that has run out holds nothing.
        Assert.Single(ExperimentDecider.AcquireClone(Given.Events<MatrixState>(Opened), held, Cause(at: Noon + Seconds(1))).Sandbox);
    }

    [Fact]
    public void The_clone_is_ready_and_the_first_experiment_starts() =>
        ExperimentDecider.On(Given.Events<MatrixState>(Opened, Clone), Ours, Cloned(Clone), Cause(2)).Matrix
            .Then(Ready(Clone), Started(0, Experiment, Clone));

    [Fact]
    public void The_allocation_is_set_and_the_replay_may_begin() =>
        ExperimentDecider.On(Running(), new AllocationSet(Streams.Matrix(MatrixId), Experiment, Agent, Clone.CloneName, new CpuShare(0.6))).Matrix
            .Then(new SandboxAllocated(MatrixId, Experiment, new CpuShare(0.6), "shop", "application", "10.0.0.2:80", "proxies", Durations));

    [Fact]
    public void A_measurement_completes_the_experiment_and_starts_the_next()
    {
        var next = DeterministicId.From(Cause(3).MessageId, "experiment");
        ExperimentDecider.On(Running(), Ours, Measured(Experiment, 150), Cause(3)).Matrix
            .Then(Completed(0, 150, id: Experiment), Started(4, next, Clone));
    }

    [Fact]
    public void A_measurement_carries_the_power_that_was_drawn_meanwhile()
    {
        var online = new PowerDrawn("app-1", new Watts(220), new Watts(180), new Watts(30), false, "redfish");
        var sandbox = new PowerDrawn("sandbox-1", new Watts(95), new Watts(80), new Watts(15), true, "estimate");
        var next = DeterministicId.From(Cause(3).MessageId, "experiment");
        ExperimentDecider.On(Running(), Ours, Measured(Experiment, 150), Cause(3), new ExperimentPower(online, sandbox)).Matrix
            .Then(Completed(0, 150, id: Experiment) with { OnlinePower = online, SandboxPower = sandbox }, Started(4, next, Clone));
    }

    [Fact]
    public void A_frequency_dimension_reaches_the_host_agent_as_a_frequency()
    {
        var started = Started(0, Experiment, Clone) with { Frequency = Frequency.FromMegahertz(1800) };
        var set = Assert.IsType<SetAllocation>(Assert.Single(Consequences.CommandsOf(started, Guid.NewGuid())));
        Assert.Equal(new Frequency(1_800_000_000), set.Frequency);
    }

    [Fact]
    public void A_measurement_that_is_none_fails_the_cell_with_the_reason_and_the_driver_goes_on()
    {
        var decided = ExperimentDecider.On(Running(), Ours, Measured(Experiment, 1) with { Failure = "3 duplicates were shed" }, Cause(3)).Matrix;
        Assert.Equal("3 duplicates were shed", Assert.IsType<ExperimentFailed>(decided[0]).Reason);
        Assert.Equal(new Cell(4), Assert.IsType<ExperimentStarted>(decided[1]).Cell);
    }

    [Fact]
    public void After_the_last_experiment_the_clone_is_given_up_and_the_sandbox_is_free()
    {
        var state = Given.Events<MatrixState>(
            Opened, Clone, Ready(Clone), Started(0, Guid.Empty, Clone), Completed(0, 150), Started(4, Guid.Empty, Clone), Completed(4, 40), Started(2, Experiment, Clone));
        var decision = ExperimentDecider.On(state, Ours, Measured(Experiment, 60), Cause(3));
        decision.Matrix.Then(
            Completed(2, 60, id: Experiment),
            new ExperimentsEnded(MatrixId, ExperimentPurpose.Explore, "number of experiments reached", "shop", "application", "proxies", Agent, Clone.CloneName, Noon));
        decision.Sandbox.Then(new SandboxReleased("sandbox-1", Streams.Matrix(MatrixId)));
    }

    [Fact]
    public void A_clone_that_dies_fails_its_experiment_and_another_is_asked_for()
    {
        var decided = ExperimentDecider.On(Running(), Ours, new VmExited(Agent, Clone.CloneName, Streams.Matrix(MatrixId), "killed"), Cause(3)).Matrix;
        Assert.Equal([typeof(ExperimentFailed), typeof(CloneFailed), typeof(CloneRequested)], decided.Select(@event => @event.GetType()));
        Assert.Equal("the clone died: killed", ((ExperimentFailed)decided[0]).Reason);
    }

    [Fact]
    public void A_refusal_because_the_clone_has_ended_asks_for_another_clone_and_the_exit_that_follows_decides_nothing()
    {
        var refused = new AllocationRefused(Streams.Matrix(MatrixId), Experiment, Agent, Clone.CloneName, Ended: true, "it does not run here");
        var decided = ExperimentDecider.On(Running(), Ours, refused, Cause(3)).Matrix;
        Assert.Equal([typeof(ExperimentFailed), typeof(CloneFailed), typeof(CloneRequested)], decided.Select(@event => @event.GetType()));
        Assert.Equal("the clone died: it does not run here", ((ExperimentFailed)decided[0]).Reason);
        var after = decided.Aggregate(Running(), MatrixState.Evolve);
        var exited = new VmExited(Agent, Clone.CloneName, Streams.Matrix(MatrixId), "killed");
        Assert.Empty(ExperimentDecider.On(after, Ours, exited, Cause(4)).Matrix);
    }

    [Fact]
    public void A_refusal_while_the_clone_runs_fails_only_the_cell()
    {
        var refused = new AllocationRefused(Streams.Matrix(MatrixId), Experiment, Agent, Clone.CloneName, Ended: false, "no such group");
        var decided = ExperimentDecider.On(Running(), Ours, refused, Cause(3)).Matrix;
        Assert.Contains("refused: no such group", Assert.IsType<ExperimentFailed>(decided[0]).Reason);
        Assert.Equal(new Cell(4), Assert.IsType<ExperimentStarted>(decided[1]).Cell);
    }

    [Fact]
    public void Cloning_that_fails_three_times_ends_the_experiments_with_the_reason()
    {
        var state = Given.Events<MatrixState>(Opened, Clone, new CloneFailed(MatrixId, "a", "x"), Clone, new CloneFailed(MatrixId, "b", "x"), Clone);
        var failed = new VmCloneFailed(Streams.Matrix(MatrixId), Request, Agent, Clone.CloneName, "disk full");
        var decision = ExperimentDecider.On(state, Ours, failed, Cause(3));
        Assert.Equal("no clone could be made: disk full", Assert.IsType<ExperimentsEnded>(decision.Matrix[^1]).Reason);
        Assert.Single(decision.Sandbox);
    }

    [Theory]
    [InlineData(TimerKind.CloneOverdue)]
    [InlineData(TimerKind.ExperimentOverdue)]
    public void A_timer_whose_wait_is_over_decides_nothing(TimerKind kind)
    {
        var timer = new TimerElapsed(Streams.Matrix(MatrixId), kind, Guid.NewGuid(), Noon);
        Assert.Empty(ExperimentDecider.On(Running(), Ours, timer, Cause(4)).Matrix);
    }

    [Fact]
    public void An_experiment_that_is_never_heard_of_fails_by_its_timer()
    {
        var timer = new TimerElapsed(Streams.Matrix(MatrixId), TimerKind.ExperimentOverdue, Experiment, Noon);
        Assert.Equal("no measurement came in time", Assert.IsType<ExperimentFailed>(ExperimentDecider.On(Running(), Ours, timer, Cause(4)).Matrix[0]).Reason);
    }

    [Fact]
    public void Answers_to_somebody_else_decide_nothing()
    {
        Assert.Empty(ExperimentDecider.On(Running(), Ours, Measured(Guid.NewGuid(), 1), Cause(4)).Matrix);
        Assert.Empty(ExperimentDecider.On(Running(), new AllocationSet("", Guid.NewGuid(), Agent, "", default)).Matrix);
        Assert.Empty(ExperimentDecider.On(Running(), Ours, Cloned(Requested(Guid.NewGuid())), Cause(4)).Matrix);
    }

    [Fact]
    public void Commands_and_timers_follow_from_the_events_alone()
    {
        var command = Assert.IsType<CloneVm>(Assert.Single(Consequences.CommandsOf(Clone, Guid.NewGuid())));
        Assert.Equal((Request, "shop-app", "sandbox-1"), (command.RequestId, command.Vm, command.SandboxMachine));
        Assert.Equal(Noon + ExperimentDecider.CloneTimeout, Assert.Single(Consequences.TimersOf(Clone)).DueAt);
        var set = Assert.IsType<SetAllocation>(Assert.Single(Consequences.CommandsOf(Started(0, Experiment, Clone), Guid.NewGuid())));
        Assert.Equal((Experiment, new CpuShare(0.6)), (set.RequestId, set.Cpu));
    }

    private static MatrixState Running() => Given.Events<MatrixState>(Opened, Clone, Ready(Clone), Started(0, Experiment, Clone));
}
