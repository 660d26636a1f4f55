namespace JustRunIt.HostAgent.Hypervisors;

/// <summary>What runs, by name; on disk after every change.</summary>
internal sealed class RunningVms(StateFile state)
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, RunningVm> running = [];

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

    /// <summary>Adds or replaces.</summary>
    public RunningVm Put(RunningVm vm)
    {
        lock (gate)
        {
            running[vm.Name] = vm;
            state.Save(running.Values);
            return vm;
        }
    }

    /// <summary>Takes one out; null when it is not there.</summary>
    public RunningVm? Take(string name)
    {
        lock (gate)
        {
            if (running.Remove(name, out var vm))
                state.Save(running.Values);
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
            state.Save(running.Values);
            return true;
        }
    }

    /// <summary>Writes what runs, also when it is nothing.</summary>
    public void Save()
    {
        lock (gate)
            state.Save(running.Values);
    }
}
