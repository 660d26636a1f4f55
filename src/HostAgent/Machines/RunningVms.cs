using JustRunIt.HostAgent.Files;

namespace JustRunIt.HostAgent.Machines;

/// <summary>
/// What runs, by name; on disk after every change. So is what is being started or ended, before anything is done about it: whenever
/// the agent is killed, the next one can tell what it may end from what it may not. And which of it is just on its way to another agent.
/// </summary>
internal sealed class RunningVms(StateFile state)
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, RunningVm> running = [];
    private readonly Dictionary<string, Beginning> beginning = [];
    private readonly Dictionary<string, RunningVm> ending = [];
    private readonly Dictionary<string, Quarantined> quarantined = [];
    private readonly Dictionary<Guid, VmExit> untold = [];
    private readonly HashSet<string> leaving = [];
    private HostRecord before = HostRecord.Empty;

    /// <summary>All of them.</summary>
    public IReadOnlyList<RunningVm> All
    {
        get
        {
            lock (gate)
                return [.. running.Values];
        }
    }

    /// <summary>What cannot be explained, and runs on.</summary>
    public IReadOnlyList<Quarantined> Quarantined
    {
        get
        {
            lock (gate)
                return [.. quarantined.Values];
        }
    }

    /// <summary>What was told to end, or has ended, and is not removed yet.</summary>
    public IReadOnlyList<RunningVm> Ending
    {
        get
        {
            lock (gate)
                return [.. ending.Values];
        }
    }

    /// <summary>The one of that name, or null.</summary>
    public RunningVm? Find(string name)
    {
        lock (gate)
            return running.GetValueOrDefault(name);
    }

    /// <summary>The one of that name.</summary>
    /// <exception cref="HostException">It does not run here.</exception>
    public RunningVm Present(string name) =>
        Find(name) ?? throw new HostException($"virtual machine {name} does not run here") { NotRunning = true };

    /// <summary>Why a new server or clone cannot have that name; null when it can.</summary>
    public string? WhyTaken(string name)
    {
        lock (gate)
        {
            if (running.TryGetValue(name, out var vm))
                return $"{name}: the name is that of {Of(vm)} on machine {vm.Machine}";
            if (ending.TryGetValue(name, out vm))
                return $"{name}: the name is that of {Of(vm)} on machine {vm.Machine} whose processes have not ended yet";
            return quarantined.TryGetValue(name, out var unknown) ? unknown.NameIsTaken : null;
        }
    }

    /// <summary>Notes that something is being started or cloned, before anything of it is made.</summary>
    /// <exception cref="HostException">The name is taken, or it cannot be written to disk.</exception>
    public void Begin(string name, string machine)
    {
        lock (gate)
        {
            if (WhyTaken(name) is { } reason)
                throw new HostException(reason);
            var before = beginning.GetValueOrDefault(name);
            beginning[name] = new Beginning(name, machine);
            SaveOr(() => Restore(beginning, name, before));
        }
    }

    /// <summary>Nothing is left of something that was being started or cloned.</summary>
    public void GiveUp(string name)
    {
        lock (gate)
        {
            if (beginning.Remove(name))
                TrySave();
        }
    }

    /// <summary>Adds or replaces.</summary>
    /// <exception cref="HostException">It cannot be written to disk; nothing has changed.</exception>
    public RunningVm Put(RunningVm vm)
    {
        lock (gate)
        {
            var (before, begun) = (running.GetValueOrDefault(vm.Name), beginning.GetValueOrDefault(vm.Name));
            running[vm.Name] = vm;
            beginning.Remove(vm.Name);
            SaveOr(() =>
            {
                Restore(running, vm.Name, before);
                Restore(beginning, vm.Name, begun);
            });
            return vm;
        }
    }

    /// <summary>Takes up what runs since before: it does, whether that can be written to disk once more or not.</summary>
    public void Adopt(RunningVm vm)
    {
        lock (gate)
            running[vm.Name] = vm;
    }

    /// <summary>It is so, whether that can be written to disk or not.</summary>
    public void Note(RunningVm vm)
    {
        lock (gate)
        {
            running[vm.Name] = vm;
            TrySave();
        }
    }

    /// <summary>It was told to end: it is no longer one that runs, and its name is taken until it is removed.</summary>
    /// <returns>It, as it was last; null when it is not there.</returns>
    public RunningVm? End(string name)
    {
        lock (gate)
            return running.TryGetValue(name, out var vm) ? End(vm) : null;
    }

    /// <summary>
    /// It has ended by itself: as <see cref="End(string)"/>, and that is to be told until it was (<see cref="Told"/>).
    /// </summary>
    /// <param name="name">Its name.</param>
    /// <param name="process">Its process.</param>
    /// <param name="reason">Reads why.</param>
    public VmExit? EndedByItself(string name, int process, Func<RunningVm, string> reason)
    {
        if (Find(name) is not { } present || present.ProcessId != process)
            return null;
        var exit = new VmExit(present, reason(present));
        lock (gate)
        {
            if (!running.TryGetValue(name, out var vm) || vm.ProcessId != process)
                return null;
            exit = exit with { Vm = vm };
            untold[exit.MessageId] = exit;
            End(vm);
            return exit;
        }
    }

    /// <summary>
    /// At the start: whatever was noted before stays noted, with all that is saved, until the start has come to its end
    /// (<see cref="Settle"/>). So a kill in the middle of it, as often as may be, loses nothing of what is still to be done.
    /// </summary>
    public void Remember(RecordReading<HostRecord> reading)
    {
        lock (gate)
            before = (reading.Content ?? HostRecord.Empty) with { IsOlder = reading is not { IsNewest: true, Content: not null } };
    }

    /// <summary>The start has come to its end: what is known now is all there is.</summary>
    /// <exception cref="HostException">It cannot be written to disk, where everything is as it was before the start.</exception>
    public void Settle()
    {
        lock (gate)
        {
            before = HostRecord.Empty;
            state.Save(Record);
        }
    }

    /// <summary>What a start has found ended, or ended itself: on disk with the next save, until it was told.</summary>
    public void Owe(IEnumerable<VmExit> exits)
    {
        lock (gate)
        {
            foreach (var exit in exits)
                untold[exit.MessageId] = exit;
        }
    }

    /// <summary>The bus has it.</summary>
    public void Told(VmExit exit)
    {
        lock (gate)
        {
            if (untold.Remove(exit.MessageId))
                TrySave();
        }
    }

    private RunningVm End(RunningVm vm)
    {
        running.Remove(vm.Name);
        ending[vm.Name] = vm;
        TrySave();
        return vm;
    }

    /// <summary>One that was told to end before and could not be removed; null when there is none.</summary>
    public RunningVm? StillEnding(string name)
    {
        lock (gate)
            return ending.GetValueOrDefault(name);
    }

    /// <summary>Whether anything has the network of that number.</summary>
    public bool UsesNetwork(int number)
    {
        lock (gate)
        {
            return running.Values.Concat(ending.Values).Concat(quarantined.Values.Select(one => one.Known).OfType<RunningVm>())
                .Any(vm => vm.Network == number);
        }
    }

    /// <summary>Whether anything bears that name.</summary>
    public bool IsKnown(string name)
    {
        lock (gate)
        {
            return running.ContainsKey(name) || beginning.ContainsKey(name) || ending.ContainsKey(name)
                || quarantined.ContainsKey(name);
        }
    }

    /// <summary>Nothing is left of one that was told to end, or had ended.</summary>
    public void Ended(string name)
    {
        lock (gate)
        {
            if (ending.Remove(name))
                TrySave();
        }
    }

    /// <summary>It runs on another agent from now on.</summary>
    /// <returns>Whether that is on disk.</returns>
    public bool Left(RunningVm vm)
    {
        lock (gate)
        {
            return !running.TryGetValue(vm.Name, out var present) || present.ProcessId != vm.ProcessId
                || (running.Remove(vm.Name) && TrySave());
        }
    }

    /// <summary>Leaves alone what cannot be explained.</summary>
    public void Isolate(Quarantined unknown)
    {
        lock (gate)
        {
            quarantined[unknown.Name] = unknown;
            AgentMeter.Quarantined(quarantined.Count);
        }
    }

    /// <summary>It has ended, or is known by now.</summary>
    public void Release(string name)
    {
        lock (gate)
        {
            if (!quarantined.Remove(name))
                return;
            AgentMeter.Quarantined(quarantined.Count);
            TrySave();
        }
    }

    /// <summary>One is on its way to another agent until the result is disposed: whoever asks meanwhile leaves it alone.</summary>
    public IDisposable Leave(string name)
    {
        lock (gate)
            leaving.Add(name);
        return new Arrived(this, name);
    }

    /// <summary>Whether it is on its way to another agent.</summary>
    public bool IsLeaving(string name)
    {
        lock (gate)
            return leaving.Contains(name);
    }

    /// <summary>Once nothing else can begin with it: refuses when it is on its way to another agent, or has gone there.</summary>
    /// <exception cref="HostException">It is.</exception>
    public void StillHere(RunningVm vm)
    {
        if (IsLeaving(vm.Name) || Find(vm.Name)?.ProcessId != vm.ProcessId)
            throw new HostException($"{vm.Name} moves to another agent");
    }

    /// <summary>What has ended is known to have when it is still on disk: its process is gone.</summary>
    private bool TrySave()
    {
        try
        {
            state.Save(Record);
            return true;
        }
        catch (HostException)
        {
            // A full disk must not keep anything from being stopped.
            return false;
        }
    }

    private HostRecord Record => new(
        [.. running.Values, .. before.Running.Where(vm => !running.ContainsKey(vm.Name))],
        [.. beginning.Values, .. before.Beginning.Where(begun => !beginning.ContainsKey(begun.Name))],
        [.. ending.Values, .. before.Ending.Where(vm => !ending.ContainsKey(vm.Name))],
        [.. quarantined.Values, .. before.Quarantined.Where(one => !quarantined.ContainsKey(one.Name))])
    {
        Untold = [.. untold.Values, .. before.Untold.Where(exit => !untold.ContainsKey(exit.MessageId))],
        IsOlder = before.IsOlder,
    };

    private void SaveOr(Action restore)
    {
        try
        {
            state.Save(Record);
        }
        catch (HostException)
        {
            restore();
            throw;
        }
    }

    private static void Restore<T>(Dictionary<string, T> all, string name, T? before)
        where T : class
    {
        if (before is null)
            all.Remove(name);
        else
            all[name] = before;
    }

    private static string Of(RunningVm vm) =>
        vm.Origin is { } origin ? $"a clone of {origin.Command.Vm}" : "an on-line server";

    private sealed class Arrived(RunningVms all, string name) : IDisposable
    {
        public void Dispose()
        {
            lock (all.gate)
                all.leaving.Remove(name);
        }
    }
}
