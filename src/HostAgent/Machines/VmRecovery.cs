using JustRunIt.HostAgent.BackEnds;
using JustRunIt.HostAgent.Configuration;
using JustRunIt.HostAgent.ControlGroups;
using JustRunIt.HostAgent.Moving;
using JustRunIt.Hosting.Configuration;

namespace JustRunIt.HostAgent.Machines;

/// <summary>
/// The start after an agent that ended orderly, or was killed at whatever moment. One server's trouble is that server's: it is told,
/// and the agent starts with the rest. What cannot be explained runs on, in quarantine. Every step may be repeated, and until the last one
/// is done the record has all of what it had before: an agent that is killed during its start is like one that was killed before it.
/// </summary>
internal sealed class VmRecovery(
    BackEndContext context,
    IBackEnd backEnd,
    CapRecovery caps,
    QuarantineWard ward,
    MoveSender sender,
    MoveReceiver receiver,
    Troubles troubles)
{
    private HostParts Parts => context.Parts;

    private IReadOnlyList<MachineSettings> Machines => context.Settings.Machines;

    /// <summary>Takes up what runs, destroys clones, leaves alone what nobody knows.</summary>
    /// <returns>The clones destroyed, and what has ended meanwhile.</returns>
    /// <exception cref="ConfigurationException">What is on its way between two agents cannot be read.</exception>
    public async Task<IReadOnlyList<VmExit>> RecoverAsync(CancellationToken cancellation)
    {
        foreach (var machine in Machines)
            troubles.Try($"machine {machine.Name}", () => Parts.Groups.Create(GroupPath.Of(machine.Name)));
        var reading = Parts.State.Read();
        if (reading.Problem is { } problem)
            troubles.Tell("state file", $"{problem}; what it does not explain runs on, in quarantine");
        context.Running.Remember(reading);
        Tell("read");
        var departures = sender.SettleDepartures();
        var plan = Reconciliation.Of(reading, departures, GroupCensus.Take(Parts.Groups, troubles));
        var adopted = plan.Adopted.ToList();
        await troubles.TryAsync("what an agent before this one began", () => backEnd.SettleAsync(cancellation), cancellation);
        await Task.WhenAll(adopted.Select(
            vm => troubles.TryAsync(vm.Name, () => backEnd.ResumeAsync(vm, cancellation), cancellation)));
        adopted.ForEach(context.Running.Adopt);
        var known = (reading.Content?.Quarantined ?? []).Select(one => one.Name).Concat(plan.Doubtful.Select(one => one.Vm.Name));
        var gone = await receiver.SettleArrivalsAsync(adopted, reading is { IsNewest: true, Content: not null }, known.ToHashSet());
        Tell("arrivals");
        foreach (var vm in adopted)
            troubles.Try(vm.Name, () => Gather(vm));
        await Task.WhenAll(plan.ToEnd.Where(group => !Holds(group)).Select(EndAsync));
        Tell("ended");
        ward.Isolate(reading.Content, plan.Doubtful, adopted);
        await RemoveEmptyAsync();
        await CapAsync(adopted);
        troubles.Try("frequencies", () => Parts.Frequencies.RestoreAllBut(
            adopted.Where(vm => vm.Frequency is not null).SelectMany(vm => vm.Cores ?? Parts.Groups.Cores).ToHashSet()));
        var unknown = context.Running.Quarantined;
        await troubles.TryAsync(
            "what was left behind",
            () => backEnd.SweepAsync(adopted, unknown.Select(one => one.Name).ToHashSet(), troubles),
            cancellation);
        Tell("swept");
        troubles.Try("logs", context.Logs.KeepEnded);
        // A network goes with its server: what was given may not have been taken yet, whether its record can be read or not.
        var given = (reading.Content?.Running ?? []).Where(departures.HasGiven);
        await RemoveNetworksAsync([.. adopted.Concat(given).Select(vm => vm.Network).OfType<int>(), .. departures.Networks], unknown);
        IReadOnlyList<VmExit> exits =
        [
            .. reading.Content?.Untold ?? [],
            .. plan.Clones.Select(clone => new VmExit(clone, "the host agent was restarted")),
            .. plan.Exits.Concat(gone).Select(WithLastWords),
        ];
        context.Running.Owe(exits);
        // As long as what was given is noted as if it ran here, only the record of its move tells otherwise.
        if (troubles.Try("state file", context.Running.Settle))
        {
            Tell("saved");
            sender.Forget();
        }

        return [.. exits.DistinctBy(exit => exit.MessageId)];
    }

    private void Tell(string step) => context.Tell("", $"recovery: {step}");

    private VmExit WithLastWords(VmExit exit)
    {
        var words = "";
        troubles.Try(exit.Vm.Name, () => words = backEnd.LastWords(exit.Vm.Name));
        return words.Length > 0 ? exit with { Reason = $"{exit.Reason}: {words}" } : exit;
    }

    /// <summary>Whether a group is that of something that is taken up.</summary>
    private bool Holds(GroupPath group) => context.Running.Find(group.Vm!)?.Machine == group.Machine;

    private Task EndAsync(GroupPath group) =>
        troubles.TryAsync($"group {group.Machine}/{group.Vm}, which is to end", () => context.Groups.EndAsync(group));

    /// <summary>
    /// One that was being moved from machine to machine may have its processes in both groups: they belong where its first one is. What
    /// cannot be brought there runs where it is.
    /// </summary>
    private void Gather(RunningVm vm)
    {
        var noted = VmGroups.Of(vm);
        foreach (var other in GroupCensus.Take(Parts.Groups, troubles).Named(vm.Name).Where(group => group != noted))
        {
            if (Parts.Groups.Processes(other).Count == 0)
                continue;
            // Its cap comes with the others'.
            Parts.Groups.Create(noted);
            troubles.Try(vm.Name, () => Parts.Groups.SetMemory(noted, backEnd.GroupMemory(vm)));
            Parts.Groups.MoveProcesses(other, noted);
        }
    }

    private async Task RemoveEmptyAsync()
    {
        var census = GroupCensus.Take(Parts.Groups, troubles);
        var empty = census.Groups.Where(group => !Holds(group) && census.Processes(group).Count == 0);
        await Task.WhenAll(empty.Select(group => Task.Run(() => troubles.Try(
            $"group {group.Machine}/{group.Vm}, which is empty", () => Parts.Groups.Remove(group)))));
        IReadOnlyList<string> machines = [];
        troubles.Try("control groups", () => machines = Parts.Groups.Children(GroupPath.Root));
        foreach (var machine in machines.Except(Machines.Select(machine => machine.Name)))
        {
            troubles.Try($"machine {machine}", () =>
            {
                if (Parts.Groups.Children(GroupPath.Of(machine)).Count == 0)
                    Parts.Groups.Remove(GroupPath.Of(machine));
            });
        }
    }

    private async Task CapAsync(List<RunningVm> adopted)
    {
        foreach (var machine in Machines)
        {
            foreach (var vm in await caps.RestoreAsync(machine, [.. adopted.Where(vm => vm.Machine == machine.Name)]))
                context.Running.Adopt(vm);
        }

        foreach (var vm in adopted.Where(vm => Machines.All(machine => machine.Name != vm.Machine)))
            troubles.Tell(vm.Name, $"it runs on machine {vm.Machine}, which this agent does not manage any more; it keeps the caps it had");
    }

    private async Task RemoveNetworksAsync(IReadOnlyList<int> kept, IReadOnlyList<Quarantined> unknown)
    {
        if (context.Settings.Isolation != Isolation.Namespace)
            return;
        IReadOnlyList<int> own = [];
        // Which are whose is asked before any goes.
        var isKnown = await troubles.TryAsync("networks", async () =>
        {
            var used = unknown.Count == 0 ? [] : await context.Networks.UsedByAsync(ward.ProcessesOf(unknown));
            own = [.. (await context.Networks.ListAsync()).Except(used).Except(unknown.Select(one => one.Known?.Network).OfType<int>())];
        });
        foreach (var number in isKnown ? own.Except(kept) : [])
            await troubles.TryAsync($"network {number}", () => context.Networks.DestroyAsync(number));
    }
}
