using System.Threading.Channels;
using JustRunIt.Events.Quantities;
using JustRunIt.HostAgent.BackEnds;
using JustRunIt.HostAgent.ControlGroups;
using JustRunIt.HostAgent.Processes;

namespace JustRunIt.HostAgent.Machines;

/// <summary>
/// What becomes of processes that nothing explains: they run on untouched until they end, or an operator says what they are.
/// </summary>
internal sealed class QuarantineWard(
    BackEndContext context, IBackEnd backEnd, VmRemoval removal, Troubles troubles)
{
    private const string Unknown = "nothing that the agent has noted explains its processes";

    private IControlGroups Groups => context.Parts.Groups;

    /// <summary>At the start: isolates every group with processes that is not one of what was taken up.</summary>
    /// <param name="record">What was noted; null for nothing.</param>
    /// <param name="doubtful">Servers of which what is noted is not so.</param>
    /// <param name="adopted">What was taken up.</param>
    public void Isolate(
        HostRecord? record, IReadOnlyList<(RunningVm Vm, string Reason)> doubtful, IReadOnlyList<RunningVm> adopted)
    {
        var taken = adopted.Select(vm => vm.Name).ToHashSet();
        var census = GroupCensus.Take(Groups, troubles);
        var candidates = Candidates(record);
        foreach (var (vm, reason) in doubtful.Where(one => !taken.Contains(one.Vm.Name)))
        {
            var group = census.Named(vm.Name).FirstOrDefault(group => census.Processes(group).Count > 0, VmGroups.Of(vm));
            Isolate(group, reason, vm);
        }

        foreach (var group in census.Groups.Where(group => census.Processes(group).Count > 0 && !taken.Contains(group.Vm!)))
        {
            if (context.Running.Quarantined.All(one => one.Name != group.Vm))
                Isolate(group, ReasonOf(group.Vm!, record), candidates.GetValueOrDefault(group.Vm!));
        }
    }

    /// <summary>Processes of what is in quarantine.</summary>
    public IReadOnlyList<int> ProcessesOf(IEnumerable<Quarantined> unknown) => [.. unknown.SelectMany(ProcessesOf)];

    /// <summary>A process of one that runs, the one that has started the others where that can be told; null for none.</summary>
    public int? ProcessOf(Quarantined unknown) =>
        unknown.Known is { } known && ProcessTable.Runs(known.ProcessId, known.ProcessStart)
            ? known.ProcessId
            : ProcessTable.Eldest([.. InGroups(unknown.Name)]);

    /// <summary>Takes one up as the server that is noted under its name, capped as noted.</summary>
    /// <exception cref="HostException">It cannot be: nothing is noted, or it has ended. It is left as it was.</exception>
    public RunningVm Adopt(string name)
    {
        var unknown = Find(name);
        if (unknown.Known is not { Origin: null } known)
        {
            throw new HostException($"{name}: nothing tells how it was started, so it cannot be taken up; put a record that tells it in "
                + "the place of running.json and start the agent again, or end it with --end");
        }

        var group = Groups.Processes(VmGroups.Of(known)).Count > 0 ? VmGroups.Of(known) : GroupPath.Of(unknown.Machine, name);
        var process = ProcessTable.Runs(known.ProcessId, known.ProcessStart) && Groups.Processes(group).Contains(known.ProcessId)
            ? known.ProcessId
            : ProcessTable.Eldest(Groups.Processes(group))
                ?? throw new HostException($"{name}: none of its processes is in a control group of this agent's; it cannot be taken up");
        var vm = known with
        {
            Machine = group.Machine!,
            MovingTo = null,
            ProcessId = process,
            ProcessStart = ProcessTable.StartOf(process) ?? throw new HostException($"{name} has just ended"),
        };
        context.Running.Put(vm);
        context.Running.Release(name);
        troubles.Try(name, () => context.Groups.Cap(vm, vm.Cpu));
        return vm;
    }

    /// <summary>Ends one as an operator says: where it is known as an on-line server, others must hear that it has ended.</summary>
    /// <exception cref="HostException">They do not end, or are not the agent's to end.</exception>
    public async Task<VmExit?> EndOnCommandAsync(string name)
    {
        var exit = ExitOf(Find(name), "ended on command; it was in quarantine");
        await EndAsync(name, exit);
        return exit;
    }

    /// <summary>
    /// Ends one's processes, and removes what belongs to it. One that is in none of the agent's groups is not the agent's to end, and
    /// while it runs nothing of it is removed.
    /// </summary>
    /// <exception cref="HostException">They do not end, or are not the agent's to end.</exception>
    private async Task EndAsync(string name, VmExit? exit)
    {
        var unknown = Find(name);
        if (unknown.Known is { } outside && ProcessTable.Runs(outside.ProcessId, outside.ProcessStart)
            && !InGroups(name).Contains(outside.ProcessId))
        {
            throw new HostException(
                $"{name}: its process {outside.ProcessId} runs in none of this agent's control groups, and is not ended; "
                + "end it by other means, and what belongs to it goes with --end");
        }

        foreach (var machine in Groups.Children(GroupPath.Root))
            await context.Groups.EndAsync(GroupPath.Of(machine, name));
        if (unknown.Known is { } known)
            await removal.RemoveAsync(known);
        else
            await backEnd.RemoveRestAsync(name);
        Owe(exit);
        context.Running.Release(name);
    }

    /// <summary>
    /// Forgets those that have ended by themselves: their names and what they had are free again. That an on-line server has, is told as
    /// of any other.
    /// </summary>
    public async Task ReleaseEndedAsync(ChannelWriter<VmExit> ended)
    {
        foreach (var unknown in context.Running.Quarantined.Where(one => ProcessesOf(one).Count == 0))
        {
            var exit = ExitOf(unknown, "its processes, which were in quarantine, ended");
            Owe(exit);
            if (await troubles.TryAsync(unknown.Name, () => EndAsync(unknown.Name, exit)))
                troubles.Tell(unknown.Name, "its processes, which were in quarantine, have ended");
            else
                context.Running.Release(unknown.Name);
            if (exit is not null)
                await ended.WriteAsync(exit);
        }
    }

    private IReadOnlyList<int> ProcessesOf(Quarantined unknown)
    {
        IReadOnlyList<int> found = unknown.Known is { } known && ProcessTable.Runs(known.ProcessId, known.ProcessStart)
            ? [known.ProcessId]
            : [];
        // What cannot be read is not gone.
        return troubles.Try(unknown.Name, () => found =
        [
            .. found,
            .. InGroups(unknown.Name),
        ])
            ? [.. found.Distinct()]
            : [Environment.ProcessId];
    }

    private static VmExit? ExitOf(Quarantined one, string reason) =>
        one.Known is { Origin: null } known ? new VmExit(known, reason) : null;

    /// <summary>On disk with the next save: when the name is free, it is owed.</summary>
    private void Owe(VmExit? exit) => context.Running.Owe(exit is null ? [] : [exit]);

    private IEnumerable<int> InGroups(string name) =>
        Groups.Children(GroupPath.Root).SelectMany(machine => Groups.Processes(GroupPath.Of(machine, name)));

    private Quarantined Find(string name) => context.Running.Quarantined.FirstOrDefault(one => one.Name == name)
        ?? throw new HostException($"{name} is not in quarantine") { NotRunning = true };

    private void Isolate(GroupPath group, string reason, RunningVm? known)
    {
        var machine = context.Settings.Machines.FirstOrDefault(machine => machine.Name == group.Machine);
        var cpu = known?.Cpu ?? machine?.Cpu ?? CpuShare.FromPercent(100);
        var memory = known?.Memory ?? machine?.Memory ?? new MemorySize(0);
        troubles.Try($"group {group.Machine}/{group.Vm}", () =>
        {
            // The kernel knows better, where it limits them at all.
            if (machine is null || !Groups.Children(GroupPath.Of(machine.Name)).Contains(group.Vm!))
                return;
            if (Groups.ReadCpu(group) is { } cap)
                cpu = new CpuShare(Math.Min(cap.Cores / context.Settings.CoreSize, machine.Cpu.Cores));
            if (Groups.ReadMemory(group) is { } limit)
                memory = new MemorySize(Math.Min(limit.Bytes, machine.Memory.Bytes));
        });
        var unknown = new Quarantined(group.Vm!, group.Machine!, cpu, memory, reason, known);
        context.Running.Isolate(unknown);
        troubles.Tell(
            group.Vm!,
            $"{reason}; on machine {group.Machine} they run on, in quarantine: not touched, {cpu} and {memory} count as taken, and so does "
            + "the name; './justrunit hosts --adopt' or '--end' settles it");
    }

    private static string ReasonOf(string name, HostRecord? record) =>
        record?.Quarantined.FirstOrDefault(one => one.Name == name)?.Reason ?? Unknown;

    /// <summary>What any record tells of a name, the newest first.</summary>
    private Dictionary<string, RunningVm> Candidates(HostRecord? record)
    {
        var all = new Dictionary<string, RunningVm>();
        foreach (var one in new[] { record, context.Parts.State.ReadPrevious() }.OfType<HostRecord>())
        {
            foreach (var vm in one.Running.Concat(one.Ending).Concat(one.Quarantined.Select(other => other.Known).OfType<RunningVm>()))
                all.TryAdd(vm.Name, vm);
        }

        return all;
    }
}
