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
    /// <exception cref="HypervisorException">It cannot be written to disk; nothing has changed.</exception>
    public RunningVm Put(RunningVm vm)
    {
        lock (gate)
        {
            state.Save([.. running.Values.Where(other => other.Name != vm.Name), vm]);
            return running[vm.Name] = vm;
        }
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
    public void Save()
    {
        lock (gate)
            state.Save(running.Values);
    }

    /// <summary>What has ended is known to have when it is still on disk: its process is gone.</summary>
    private void TrySave()
    {
        try
        {
            state.Save(running.Values);
        }
        catch (HypervisorException)
        {
            // A full disk must not keep anything from being stopped.
        }
    }
}
