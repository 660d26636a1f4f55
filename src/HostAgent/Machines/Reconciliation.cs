using JustRunIt.HostAgent.ControlGroups;
using JustRunIt.HostAgent.Files;
using JustRunIt.HostAgent.Moving;
using JustRunIt.HostAgent.Processes;

namespace JustRunIt.HostAgent.Machines;

/// <summary>
/// What the record says, held against what the kernel has. The kernel is right about what runs and where; the record says what it is.
/// Ended is only what the newest record says was never to serve, or no longer; whatever is not explained is left alone.
/// </summary>
internal sealed class Reconciliation
{
    private readonly RecordReading<HostRecord> reading;
    private readonly MoveSender.Departures departures;
    private readonly GroupCensus census;
    private readonly List<RunningVm> adopted = [];
    private readonly List<VmExit> exits = [];
    private readonly List<RunningVm> clones = [];
    private readonly HashSet<GroupPath> toEnd = [];
    private readonly List<(RunningVm Vm, string Reason)> doubtful = [];

    private Reconciliation(RecordReading<HostRecord> reading, MoveSender.Departures departures, GroupCensus census) =>
        (this.reading, this.departures, this.census) = (reading, departures, census);

    /// <summary>On-line servers that are taken up, each on the machine in whose group its first process is.</summary>
    public IReadOnlyList<RunningVm> Adopted => adopted;

    /// <summary>Servers that have ended while no agent watched.</summary>
    public IReadOnlyList<VmExit> Exits => exits;

    /// <summary>Clones, which no start takes up.</summary>
    public IReadOnlyList<RunningVm> Clones => clones;

    /// <summary>Groups whose processes are known not to be on-line servers of this agent's.</summary>
    public IReadOnlyCollection<GroupPath> ToEnd => toEnd;

    /// <summary>Servers of which what is noted is not so, with the reason; they run, or others do in their place.</summary>
    public IReadOnlyList<(RunningVm Vm, string Reason)> Doubtful => doubtful;

    /// <summary>Holds them against each other; nothing is changed.</summary>
    public static Reconciliation Of(RecordReading<HostRecord> reading, MoveSender.Departures departures, GroupCensus census)
    {
        var result = new Reconciliation(reading, departures, census);
        var record = reading.Content ?? HostRecord.Empty;
        foreach (var vm in record.Running)
            result.Judge(vm);
        foreach (var vm in record.Ending)
            result.End(vm);
        foreach (var begun in reading.IsNewest ? record.Beginning : [])
            result.toEnd.Add(GroupPath.Of(begun.Machine, begun.Name));
        foreach (var given in departures.Given)
            result.End(given);
        foreach (var unknown in record.Quarantined.Where(one => !census.HasProcesses(one.Name)))
        {
            if (unknown.Known is not { } known)
                continue;
            if (ProcessTable.Runs(known.ProcessId, known.ProcessStart))
                result.doubtful.Add((known, unknown.Reason));
            else if (known.Origin is null && record.Running.All(vm => vm.Name != known.Name))
                result.exits.Add(new VmExit(known, "its processes, which were in quarantine, ended while no agent watched"));
        }

        return result;
    }

    private void Judge(RunningVm vm)
    {
        if (departures.HasGiven(vm))
            return;
        if (vm.Origin is not null)
        {
            clones.Add(vm);
            End(vm);
        }
        else if (departures.Undecided.Contains(vm.Name))
        {
            doubtful.Add((vm, "whether it was given to another agent cannot be read"));
        }
        else if (ProcessTable.Runs(vm.ProcessId, vm.ProcessStart))
        {
            if (Place(vm) is { } place)
                adopted.Add(vm with { Machine = place.Machine!, MovingTo = null });
            else
                doubtful.Add((vm, $"its process {vm.ProcessId} is in none of this agent's control groups"));
        }
        else if (census.HasProcesses(vm.Name))
        {
            doubtful.Add((vm, $"its first process {vm.ProcessId} has ended, and others of its group have not"));
        }
        else
        {
            exits.Add(new VmExit(vm, "its processes ended while no agent watched"));
        }
    }

    /// <summary>
    /// One that was being moved from machine to machine is where it was moved to as soon as its first process is there, in whichever of
    /// the hierarchies of version 1.
    /// </summary>
    private GroupPath? Place(RunningVm vm)
    {
        var places = census.Named(vm.Name).Where(group => census.Processes(group).Contains(vm.ProcessId)).ToList();
        return places.Count == 0
            ? null
            : places.OrderByDescending(group => group.Machine == vm.MovingTo)
                .ThenByDescending(group => group.Machine == vm.Machine).First();
    }

    /// <summary>
    /// Only the process that was given is ended here, and what else is in its group: another server may have its name by now. Where that
    /// process has ended, its group is known as long as the newest record has it under that name.
    /// </summary>
    private void End(MoveRecord.Content given) => toEnd.UnionWith(census.Named(given.Vm).Where(group =>
        (ProcessTable.Runs(given.ProcessId, given.ProcessStart) && census.Processes(group).Contains(given.ProcessId))
        || (reading is { IsNewest: true, Content: { } newest } && newest.Running.Any(given.IsOf))));

    /// <summary>
    /// What an older record says of a name may be of another one by now: then only the very process that it names is known.
    /// </summary>
    private void End(RunningVm vm) => toEnd.UnionWith(census.Named(vm.Name).Where(group => reading.IsNewest
        || (ProcessTable.Runs(vm.ProcessId, vm.ProcessStart) && census.Processes(group).Contains(vm.ProcessId))));
}
