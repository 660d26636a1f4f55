using JustRunIt.Events;
using JustRunIt.Events.Explorations;
using JustRunIt.Events.Matrices;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Placement;
using JustRunIt.Events.Sandboxes;
using JustRunIt.Events.Sla;
using JustRunIt.Events.Store;

namespace JustRunIt.Services.Experimenter;

/// <summary>Starts explorations, and takes them from one tier's matrix to the next.</summary>
internal sealed class ExplorationProcess(EventStore store)
{
    /// <summary>Explores a service whose agreement is broken, or that has slack.</summary>
    public async Task StartAsync(string service, DateTimeOffset seenAt, string trigger, Cause cause, CancellationToken cancellation)
    {
        await using var work = store.Begin(cause);
        var stream = Streams.Explorations(service);
        var history = await work.LoadAsync<ExplorationsState>(stream, cancellation);
        var registered = await store.LoadAsync<ServiceState>(Streams.Service(service), cancellation);
        var started = history.Decide(cause, explorations =>
            ExplorationDecider.Start(explorations, registered.State, seenAt, trigger, cause));
        if (started is not [ExplorationStarted exploration])
            return;
        work.Append(stream, started);
        await OpenFromAsync(work, exploration, 0, exploration.At + exploration.Settings.TimeBudget, "", cancellation);
        await work.CommitAsync(cancellation);
    }

    /// <summary>A matrix is done: the next tier's turn, or the end of the exploration.</summary>
    public async Task AdvanceAsync(UnitOfWork work, MatrixState done, string reason, CancellationToken cancellation)
    {
        var history = await work.LoadAsync<ExplorationsState>(Streams.Explorations(done.Settings.Service), cancellation);
        if (history.State.Active is not { } exploration || exploration.ExplorationId != done.Settings.ExplorationId)
            return;
        var index = exploration.Matrices.ToList().IndexOf(done.Settings.MatrixId);
        await OpenFromAsync(work, exploration, index + 1, done.Deadline ?? done.Settings.Deadline, reason, cancellation);
    }

    private async Task OpenFromAsync(
        UnitOfWork work, ExplorationStarted exploration, int first, DateTimeOffset deadline, string lastReason, CancellationToken cancellation)
    {
        var service = await store.LoadAsync<ServiceState>(Streams.Service(exploration.Service), cancellation);
        var dataCenter = await store.LoadAsync<DataCenterState>(Streams.DataCenter(exploration.DataCenter), cancellation);
        for (var index = first; index < exploration.Matrices.Count; index++)
        {
            var (opened, problem) = ExplorationDecider.Open(exploration, index, service.State, dataCenter.State, deadline, work.Cause.At);
            if (opened is null)
            {
                lastReason = problem;
                continue;
            }

            var stream = Streams.Matrix(opened.MatrixId);
            await work.LoadAsync<MatrixState>(stream, cancellation);
            var sandboxStream = Streams.Sandbox(opened.DataCenter, opened.Sandbox.Machine);
            var sandbox = await work.LoadAsync<SandboxState>(sandboxStream, cancellation);
            var decision = ExperimentDecider.AcquireClone(MatrixState.Evolve(MatrixState.Initial, opened), sandbox.State, work.Cause);
            work.Append(stream, [opened, .. decision.Matrix]);
            work.Append(sandboxStream, decision.Sandbox);
            if (decision.Matrix.OfType<ExperimentsEnded>().FirstOrDefault() is not { } ended)
                return;
            lastReason = ended.Reason;
        }

        work.Append(
            Streams.Explorations(exploration.Service),
            [ExplorationDecider.Complete(exploration, lastReason, work.Cause.At)]);
    }
}
