using JustRunIt.Events.Deciding;
using JustRunIt.Events.Hosts;
using JustRunIt.Events.Matrices;
using JustRunIt.Events.Matrices.Experimenting;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Proxies;
using JustRunIt.Events.Sandboxes;
using JustRunIt.Events.Settings;
using JustRunIt.Events.Sla;
using JustRunIt.Events.Timers;

namespace JustRunIt.Events.Explorations;

/// <summary>
/// Takes the experiments of a matrix one step further (<see cref="ExperimentSteps"/>), and the exploration to its next tier when
/// they have ended.
/// </summary>
public sealed class ExperimentDecider
    : IDecider<VmCloned>,
    IDecider<VmCloneFailed>,
    IDecider<VmExited>,
    IDecider<AllocationSet>,
    IDecider<AllocationRefused>,
    IDecider<ReplayMeasured>,
    IDecider<ValidationRequested>,
    IDecider<TimerElapsed>
{
    /// <inheritdoc />
    public string Name => "experimenting";

    /// <inheritdoc />
    public int Version => 3;

    /// <summary>A clone is ready.</summary>
    public Decision Decide(IReading reading, VmCloned message, Cause cause) =>
        Step(reading, message.Subject, cause, steps => steps.On(message));

    /// <summary>A clone could not be made.</summary>
    public Decision Decide(IReading reading, VmCloneFailed message, Cause cause) =>
        Step(reading, message.Subject, cause, steps => steps.On(message));

    /// <summary>A server has ended; an on-line one was nobody's clone.</summary>
    public Decision Decide(IReading reading, VmExited message, Cause cause) => message.Subject is { } subject
        ? Step(reading, subject, cause, steps => steps.On(message))
        : Decision.Nothing(WhyNothing.NotAddressed, $"{message.Vm} was nobody's clone");

    /// <summary>A clone has its allocation.</summary>
    public Decision Decide(IReading reading, AllocationSet message, Cause cause) =>
        Step(reading, message.Subject, cause, steps => steps.On(message));

    /// <summary>A clone cannot have its allocation.</summary>
    public Decision Decide(IReading reading, AllocationRefused message, Cause cause) =>
        Step(reading, message.Subject, cause, steps => steps.On(message));

    /// <summary>The proxies have measured.</summary>
    public Decision Decide(IReading reading, ReplayMeasured message, Cause cause) =>
        Step(reading, message.Subject, cause, steps => steps.On(message, Power(reading, steps.Matrix, message)));

    /// <summary>The checker wants a cell measured.</summary>
    public Decision Decide(IReading reading, ValidationRequested message, Cause cause) =>
        Step(reading, Streams.Matrix(message.MatrixId), cause, steps => steps.AcquireClone());

    /// <summary>A wait is over.</summary>
    public Decision Decide(IReading reading, TimerElapsed message, Cause cause) =>
        Step(reading, message.Stream, cause, steps => steps.On(message));

    private static Decision Step(IReading reading, string stream, Cause cause, Func<ExperimentSteps, Steps> step)
    {
        ArgumentNullException.ThrowIfNull(reading);
        ArgumentNullException.ThrowIfNull(cause);
        if (!Streams.IsMatrix(stream, out var id))
            return Decision.Nothing(WhyNothing.NotAddressed, $"{stream} is no matrix");
        var matrix = reading.State<MatrixState>(stream);
        if (matrix.Opened is not { } opened)
            return Decision.Nothing(WhyNothing.Unregistered, $"matrix {id} was never opened");
        var sandboxStream = Streams.Sandbox(opened.DataCenter, opened.Sandbox.Machine);
        var sandbox = reading.State<SandboxState>(sandboxStream);
        var policy = reading.State<PolicyState>(Streams.Policy(opened.DataCenter)).Current.Exploring;
        var steps = step(new ExperimentSteps(matrix, sandbox, policy, cause));
        if (steps.Why is { } why)
            return Decision.Nothing(why, steps.Detail);
        var decision = Decision.On(stream, steps.Matrix).And(sandboxStream, steps.Sandbox).Under(opened.CorrelationId);
        if (steps.Matrix.OfType<ExperimentsEnded>().FirstOrDefault() is not { Purpose: ExperimentPurpose.Explore } ended)
            return decision;
        var after = (sandboxStream, steps.Sandbox.Aggregate(sandbox, SandboxState.Evolve));
        return Advance(reading, matrix, ended.Reason, after, cause) is { } next ? decision.Then(next) : decision;
    }

    /// <summary>A matrix is done: the next tier's turn, or the end of the exploration; null when that has ended already.</summary>
    private static Decision? Advance(
        IReading reading, MatrixState done, string reason, (string Stream, SandboxState State) sandbox, Cause cause)
    {
        var settings = done.Settings;
        var explorations = reading.State<ExplorationsState>(Streams.Explorations(settings.Service));
        if (explorations.Active is not { } exploration || exploration.ExplorationId != settings.ExplorationId)
            return null;
        var service = reading.State<ServiceState>(Streams.Service(settings.Service));
        var index = exploration.Matrices.ToList().IndexOf(settings.MatrixId);
        return Tiers.OpenFrom(
            reading, service, exploration, index + 1, done.Deadline ?? settings.Deadline, reason, sandbox, cause, settings.CorrelationId);
    }

    private static ExperimentPower? Power(IReading reading, MatrixState matrix, ReplayMeasured measured)
    {
        if (matrix.Running is not { } running || running.ExperimentId != measured.RequestId)
            return null;
        var shift = running.Durations.TimeShift;
        return new ExperimentPower(
            reading.Fact(new PowerAsked(matrix.Settings.DataCenter, matrix.Settings.Vm, measured.From, measured.To)),
            reading.Fact(new PowerAsked(matrix.Settings.DataCenter, running.CloneName, measured.From + shift, measured.To + shift)));
    }
}
