using JustRunIt.Events.DataCenters;
using JustRunIt.Events.Deciding;
using JustRunIt.Events.Hosts;
using JustRunIt.Events.Matrices;
using JustRunIt.Events.Matrices.Experimenting;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Sandboxes;
using JustRunIt.Events.Settings;
using JustRunIt.Events.Sla;

namespace JustRunIt.Events.Explorations;

/// <summary>Takes an exploration from one tier's matrix to the next.</summary>
internal static class Tiers
{
    /// <summary>
    /// Opens the matrix of the first tier, from <paramref name="first"/> on, that can be opened, and asks for its clone; ends the
    /// exploration when there is none.
    /// </summary>
    /// <param name="reading">Inventory, policy and sandboxes are read here.</param>
    /// <param name="service">The service.</param>
    /// <param name="exploration">The exploration.</param>
    /// <param name="first">Index of the first tier to try.</param>
    /// <param name="deadline">End of the time budget (UTC).</param>
    /// <param name="lastReason">Why the tier before ended; the exploration ends with it when no other is opened.</param>
    /// <param name="released">A sandbox as it is after what the same decision states already; null when it states nothing of one.</param>
    /// <param name="cause">The message that is being handled.</param>
    /// <param name="correlation">Of everything that the violation, or the slack, led to.</param>
    public static Decision OpenFrom(
        IReading reading,
        ServiceState service,
        ExplorationStarted exploration,
        int first,
        DateTimeOffset deadline,
        string lastReason,
        (string Stream, SandboxState State)? released,
        Cause cause,
        Guid correlation)
    {
        var inventory = reading.State<Inventory>(Streams.DataCenter(exploration.DataCenter));
        var policy = reading.State<PolicyState>(Streams.Policy(exploration.DataCenter)).Current;
        Decision? decision = null;
        for (var index = first; index < exploration.Matrices.Count; index++)
        {
            var (opened, problem) = Open(exploration, index, service, inventory, policy, deadline, correlation, cause.At);
            if (opened is null)
            {
                lastReason = problem;
                continue;
            }

            var sandboxStream = Streams.Sandbox(opened.DataCenter, opened.Sandbox.Machine);
            var sandbox = released is { } known && known.Stream == sandboxStream ? known.State : reading.State<SandboxState>(sandboxStream);
            // Nobody has written to the stream of a matrix that is opened now; read, so that it is appended to as a new one.
            var stream = Streams.Matrix(opened.MatrixId);
            _ = reading.State<MatrixState>(stream);
            var matrix = MatrixState.Evolve(MatrixState.Initial, opened);
            var steps = new ExperimentSteps(matrix, sandbox, policy.Exploring, cause).AcquireClone();
            decision = (decision is null ? Decision.On(stream, opened) : decision.And(stream, opened))
                .And(stream, steps.Matrix)
                .And(sandboxStream, steps.Sandbox);
            if (steps.Matrix.OfType<ExperimentsEnded>().FirstOrDefault() is not { } ended)
                return decision.Under(correlation);
            lastReason = ended.Reason;
        }

        var completed = new ExplorationCompleted(exploration.ExplorationId, exploration.Service, lastReason, cause.At);
        var explorations = Streams.Explorations(exploration.Service);
        return (decision is null ? Decision.On(explorations, completed) : decision.And(explorations, completed)).Under(correlation);
    }

    /// <summary>Opens the matrix of the tier at <paramref name="index"/>, or says why it cannot be opened.</summary>
    private static (MatrixOpened? Opened, string Problem) Open(
        ExplorationStarted exploration,
        int index,
        ServiceState service,
        Inventory inventory,
        Policy policy,
        DateTimeOffset deadline,
        Guid correlation,
        DateTimeOffset at)
    {
        var settings = exploration.Settings;
        var name = settings.Tiers[index];
        var tier = service.Registered?.Tiers.FirstOrDefault(candidate => candidate.Name == name);
        if (tier is null || tier.Vms.Count == 0)
            return (null, $"tier {name} has no servers");
        if (tier.ProxyNode is null)
            return (null, $"tier {name} has no proxies");
        // What is agreed on at one tier is no bound for another: a page may ask a database many times.
        if (exploration.Goal == ExplorationGoal.ReleaseSlack && service.Registered!.MeasuredAt != name)
            return (null, $"slack is released where the agreement is measured, at tier {service.Registered.MeasuredAt}, and not at {name}");
        var vm = tier.Vms.Select(candidate => inventory.Vms.GetValueOrDefault(candidate)).FirstOrDefault(placed => placed is not null);
        if (vm is null)
            return (null, $"no server of tier {name} runs in data centre {exploration.DataCenter}");
        // A server is cloned by the agent that runs it, wherever it has moved to, so the sandbox is one of that agent's.
        if (!inventory.Machines.TryGetValue(vm.Machine, out var host))
            return (null, $"machine {vm.Machine}, where {vm.Vm} runs, has not been announced");
        if (inventory.Away.TryGetValue(vm.Machine, out var since))
            return (null, $"host agent {host.Agent}, which runs {vm.Vm}, has left at {since:O}");
        var sandbox = inventory.Present.Machines.Values.FirstOrDefault(
            machine => machine.Role == MachineRole.Sandbox && machine.Agent == host.Agent);
        if (sandbox is null)
        {
            return (
                null,
                $"host agent {host.Agent}, which runs {vm.Vm}, has no sandbox machine in data centre {exploration.DataCenter}; add one to "
                    + "its file");
        }

        return (
            new MatrixOpened(
                exploration.Matrices[index],
                exploration.ExplorationId,
                correlation,
                exploration.Service,
                exploration.DataCenter,
                name,
                vm.Vm,
                vm.Allocation,
                new SandboxPlace(sandbox.Machine, sandbox.Agent, tier.SandboxNext),
                tier.ProxyNode,
                exploration.Goal,
                exploration.Seen,
                exploration.Seen is not { External: true } && service.Registered!.MeasuredAt == name,
                settings.Dimensions,
                settings.Experiments,
                settings.Durations,
                settings.PruneGainBelow,
                exploration.Agreement,
                settings.Slack,
                settings.MismatchThreshold,
                policy.Filling.Method,
                deadline,
                at),
            "");
    }
}
