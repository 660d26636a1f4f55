using JustRunIt.Events.Hosts;
using JustRunIt.Events.Matrices;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Placement;
using JustRunIt.Events.Sla;

namespace JustRunIt.Events.Explorations;

/// <summary>Starts an exploration when an agreement is broken or slack is seen, one at a time a service (§3.1).</summary>
public static class ExplorationDecider
{
    /// <summary>A violation or slack was seen: explores, unless the service is being explored or was a moment ago.</summary>
    /// <param name="explorations">The service's explorations.</param>
    /// <param name="service">The service.</param>
    /// <param name="seenAt">End of the window that showed it (UTC).</param>
    /// <param name="trigger">Wire name of the event.</param>
    /// <param name="cause">The message that is being handled.</param>
    public static IEnumerable<IDomainEvent> Start(
        ExplorationsState explorations,
        ServiceState service,
        DateTimeOffset seenAt,
        string trigger,
        Cause cause)
    {
        ArgumentNullException.ThrowIfNull(explorations);
        ArgumentNullException.ThrowIfNull(service);
        ArgumentNullException.ThrowIfNull(cause);
        if (service.Registered is not { } registered || explorations.Active is not null)
            return [];
        if (explorations.LastEndedAt is { } ended && seenAt < ended + registered.Exploration.Cooldown)
            return [];
        var id = DeterministicId.From(cause.MessageId, "exploration");
        return
        [
            new ExplorationStarted(
                id,
                registered.Service,
                registered.DataCenter,
                trigger,
                registered.Level.MeanResponseTime,
                registered.Exploration,
                [.. registered.Exploration.Tiers.Select(tier => DeterministicId.From(id, $"matrix/{tier}"))],
                cause.At),
        ];
    }

    /// <summary>Opens the matrix of the tier at <paramref name="index"/>, or says why it cannot be opened.</summary>
    /// <param name="exploration">The exploration.</param>
    /// <param name="index">Of the tier, in the exploration's order.</param>
    /// <param name="service">The service.</param>
    /// <param name="dataCenter">Where the tier's servers and the sandbox are.</param>
    /// <param name="deadline">End of the time budget (UTC).</param>
    /// <param name="at">When (UTC).</param>
    public static (MatrixOpened? Opened, string Problem) Open(
        ExplorationStarted exploration,
        int index,
        ServiceState service,
        DataCenterState dataCenter,
        DateTimeOffset deadline,
        DateTimeOffset at)
    {
        ArgumentNullException.ThrowIfNull(exploration);
        ArgumentNullException.ThrowIfNull(service);
        ArgumentNullException.ThrowIfNull(dataCenter);
        var settings = exploration.Settings;
        var name = settings.Tiers[index];
        var tier = service.Registered?.Tiers.FirstOrDefault(candidate => candidate.Name == name);
        if (tier is null || tier.Vms.Count == 0)
            return (null, $"tier {name} has no servers");
        if (tier.ProxyNode is null)
            return (null, $"tier {name} has no proxies");
        var vm = tier.Vms.FirstOrDefault(dataCenter.Vms.ContainsKey);
        if (vm is null)
            return (null, $"no server of tier {name} runs in data centre {exploration.DataCenter}");
        // A server is cloned by the agent that runs it, wherever it has moved to, so the sandbox is one of that agent's.
        if (!dataCenter.Machines.TryGetValue(dataCenter.Vms[vm].Machine, out var host))
            return (null, $"machine {dataCenter.Vms[vm].Machine}, where {vm} runs, has not been announced");
        var sandbox = dataCenter.Machines.Values
            .Where(machine => machine.Role == MachineRole.Sandbox && machine.Agent == host.Agent)
            .OrderBy(machine => machine.Machine, StringComparer.Ordinal)
            .FirstOrDefault();
        if (sandbox is null)
            return (null, $"host agent {host.Agent}, which runs {vm}, has no sandbox machine in data centre {exploration.DataCenter}; add one to its file");
        return (
            new MatrixOpened(
                exploration.Matrices[index],
                exploration.ExplorationId,
                exploration.Service,
                exploration.DataCenter,
                name,
                vm,
                new SandboxPlace(sandbox.Machine, sandbox.Agent, tier.SandboxNext),
                tier.ProxyNode,
                settings.Dimensions,
                settings.Experiments,
                settings.Durations,
                settings.PruneGainBelow,
                exploration.Agreed,
                settings.Slack,
                settings.MismatchThreshold,
                deadline,
                at),
            "");
    }

    /// <summary>Ends the active exploration.</summary>
    public static ExplorationCompleted Complete(ExplorationStarted exploration, string reason, DateTimeOffset at)
    {
        ArgumentNullException.ThrowIfNull(exploration);
        return new ExplorationCompleted(exploration.ExplorationId, exploration.Service, reason, at);
    }
}
