namespace JustRunIt.HostAgent.Machines;

/// <summary>What runs, by name; on disk after every change. And which of it is just on its way to another agent.</summary>
internal sealed class RunningVms(StateFile state)
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, RunningVm> running = [];
    private readonly HashSet<string> leaving = [];

    /// <summary>All of them.</summary>
    public IReadOnlyList<RunningVm> All
    {
        get
        {
            lock (gate)
                return [.. running.Values];
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

    /// <summary>Adds or replaces.</summary>
    /// <exception cref="HostException">It cannot be written to disk; nothing has changed.</exception>
    public RunningVm Put(RunningVm vm)
    {
        lock (gate)
        {
            state.Save([.. running.Values.Where(other => other.Name != vm.Name), vm]);
            return running[vm.Name] = vm;
        }
    }

    /// <summary>Takes up what runs since before: it does, whether that can be written to disk once more or not.</summary>
    public void Adopt(RunningVm vm)
    {
        lock (gate)
            running[vm.Name] = vm;
    }

    /// <summary>Takes one out; null when it is not there.</summary>
    public RunningVm? Take(string name)
    {
        lock (gate)
        {
            if (running.Remove(name, out var vm))
                TrySave();
            return vm;
        }
    }

    /// <summary>Takes out exactly this one: not one that was started anew under the same name meanwhile.</summary>
    public bool Take(RunningVm vm)
    {
        lock (gate)
        {
            if (!running.TryGetValue(vm.Name, out var present) || present.ProcessId != vm.ProcessId || !running.Remove(vm.Name))
                return false;
            TrySave();
            return true;
        }
    }

    /// <summary>Writes what runs, also when it is nothing.</summary>
    /// <exception cref="HostException">It cannot be written to disk.</exception>
    public void Save()
    {
        lock (gate)
            state.Save(running.Values);
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
    private void TrySave()
    {
        try
        {
            state.Save(running.Values);
        }
        catch (HostException)
        {
            // A full disk must not keep anything from being stopped.
        }
    }

    private sealed class Arrived(RunningVms all, string name) : IDisposable
    {
        public void Dispose()
        {
            lock (all.gate)
                all.leaving.Remove(name);
        }
    }
}
