using System.Diagnostics;
using System.Runtime.CompilerServices;
using JustRunIt.Events.Hosts;
using JustRunIt.Events.Quantities;
using JustRunIt.HostAgent.Configuration;
using JustRunIt.HostAgent.ControlGroups;
using JustRunIt.HostAgent.Moving;
using JustRunIt.HostAgent.Networks;
using JustRunIt.HostAgent.Processes;
using JustRunIt.Hosting.Configuration;

namespace JustRunIt.HostAgent.Hypervisors;

/// <summary>
/// What all back ends share whose virtual machines are processes of this host in capped control groups: admission, names,
/// health, caps, state, exits, recovery. What is left to each is how one is booted, how it is cloned, and what must be removed.
/// </summary>
internal abstract partial class Hypervisor(HostParts parts) : IHypervisor, IDisposable
{
    private const int CapAttempts = 100;
    private const int GroupAttempts = 5;
    private static readonly TimeSpan CapRetryInterval = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan EndPatience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan WatchInterval = TimeSpan.FromMilliseconds(100);

    private readonly RunningVms running = new(parts.State);
    private readonly SemaphoreSlim oneStructuralChange = new(1);
    private readonly NameLocks names = new();
    private readonly CapLift lift = new(parts);

    /// <inheritdoc />
    public abstract string Name { get; }

    /// <summary>The agent's settings.</summary>
    protected AgentSettings Settings => parts.Settings;

    /// <summary>Networks of clones.</summary>
    protected SandboxNetworks Networks => parts.Networks;

    /// <summary>Caps of CPU and memory.</summary>
    protected IControlGroups Groups => parts.Groups;

    /// <inheritdoc />
    public IReadOnlyList<RunningVm> List() => running.All;

    /// <inheritdoc />
    public async Task<RunningVm> StartAsync(StartVm command, CancellationToken cancellation)
    {
        using var name = await names.TakeAsync(command.Vm, cancellation);
        if (running.Find(command.Vm) is { } present)
            return present;
        Admit(command.Machine, command.Vm, command.Cpu);
        var vm = await ReasonedAsync(BootAsync(command, cancellation));
        try
        {
            await HealthCheck.WaitAsync(vm.Endpoint, command.Program.HealthPath, () => Ended(vm), cancellation);
            SetCap(vm, command.Cpu);
            return running.Put(vm);
        }
        catch
        {
            await RemoveAsync(vm);
            throw;
        }
    }

    /// <inheritdoc />
    public async Task<CloneResult> CloneAsync(CloneVm command, CancellationToken cancellation)
    {
        var begin = Stopwatch.GetTimestamp();
        using var name = await names.TakeAsync(command.CloneName, cancellation);
        if (running.Find(command.CloneName) is { Origin.Result: { } made })
            return made;
        var original = running.Find(command.Vm) is { Origin: null } found
            ? found
            : throw new HypervisorException($"virtual machine {command.Vm} does not run on a machine of agent {Settings.Agent}");
        Admit(command.SandboxMachine, command.CloneName, original.Cpu);
        var copy = await ReasonedAsync(DuplicateAsync(original, command, cancellation));
        try
        {
            Tell(copy.Vm.Name, "health");
            await HealthCheck.WaitAsync(copy.Vm.Endpoint, original.Start.Program.HealthPath, () => Ended(copy.Vm), cancellation, HealthCheck.ClonePatience);
            var result = new CloneResult(copy.Vm.Endpoint, copy.Cold, copy.Pause, Stopwatch.GetElapsedTime(begin), copy.BytesCopied);
            SetCap(copy.Vm, original.Cpu);
            running.Put(copy.Vm with { Cpu = original.Cpu, Origin = new CloneOrigin(command, result) });
            return result;
        }
        catch
        {
            await RemoveAsync(copy.Vm);
            throw;
        }
    }

    /// <inheritdoc />
    public async Task<Allocation> AllocateAsync(string vm, Allocation wanted, CancellationToken cancellation)
    {
        using var name = await names.TakeAsync(vm, cancellation);
        var present = Present(vm);
        Admit(present.Machine, vm, wanted.Cpu);
        var next = await AllocationChange.ApplyAsync(present, wanted, parts, List(), SetMemoryAsync, cancellation);
        try
        {
            running.Put(next);
        }
        catch (HypervisorException)
        {
            var before = new Allocation(present.Cpu, present.Memory, present.Frequency, present.Cores ?? []);
            await AllocationChange.ApplyAsync(next, before, parts, List(), SetMemoryAsync, CancellationToken.None);
            throw;
        }

        var cap = Groups.ReadCpu(GroupOf(next)) ?? throw new HypervisorException($"the cap of {vm} is not in force");
        return new Allocation(
            new CpuShare(cap.Cores / Settings.CoreSize), next.Memory, next.Frequency, Groups.ReadCores(GroupOf(next)));
    }

    /// <inheritdoc />
    public async Task MigrateAsync(string vm, string to, CancellationToken cancellation)
    {
        await oneStructuralChange.WaitAsync(cancellation);
        try
        {
            var present = Present(vm);
            if (present.Machine == to)
                return;
            Admit(to, vm, present.Cpu);
            var moved = present with { Machine = to };
            CreateGroup(moved, present.Cpu);
            if (present.Cores is { } cores)
                Groups.SetCores(GroupOf(moved), cores);
            Groups.MoveProcesses(GroupOf(present), GroupOf(moved));
            try
            {
                running.Put(moved);
            }
            catch (HypervisorException)
            {
                Groups.MoveProcesses(GroupOf(moved), GroupOf(present));
                Groups.Remove(GroupOf(moved));
                throw;
            }

            Groups.Remove(GroupOf(present));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new HypervisorException(e.Message);
        }
        finally
        {
            oneStructuralChange.Release();
        }
    }

    /// <inheritdoc />
    public async Task StopAsync(string vm, CancellationToken cancellation)
    {
        // What is on its way to another agent is stopped where it ends up.
        using var name = leaving.ContainsKey(vm) ? await names.TakeAsync(vm, cancellation) : null;
        if (running.Take(vm) is { } present)
            await RemoveAsync(present);
    }

    /// <inheritdoc />
    public async Task<IReadOnlyList<RunningVm>> RecoverAsync(CancellationToken cancellation)
    {
        foreach (var machine in Settings.Machines)
            Groups.Create(GroupPath.Of(machine.Name));
        var known = parts.State.Load();
        var (given, networksGiven) = SettleDepartures();
        var adopted = known.Where(vm => vm.Origin is null && !given.Contains(vm.Name) && ProcessTable.Runs(vm.ProcessId, vm.ProcessStart)).ToList();
        await SettleAsync(adopted, cancellation);
        foreach (var vm in adopted)
            running.Put(vm);
        await SettleArrivalsAsync(adopted);
        foreach (var (machine, name) in Settings.Machines.SelectMany(machine => Groups.Children(GroupPath.Of(machine.Name)).Select(name => (machine.Name, name))))
        {
            if (running.Find(name)?.Machine != machine)
                await EndGroupAsync(GroupPath.Of(machine, name));
        }

        foreach (var machine in Settings.Machines)
            await SetMachineCapAsync(machine, cancellation);
        parts.Frequencies.RestoreAllBut(adopted.Where(vm => vm.Frequency is not null).SelectMany(vm => vm.Cores ?? Groups.Cores).ToHashSet());
        await SweepAsync(adopted);
        foreach (var number in (await OwnNetworksAsync()).Except(adopted.Select(vm => vm.Network).OfType<int>()).Except(networksGiven))
            await Networks.DestroyAsync(number);
        running.Save();
        foreach (var record in MoveRecord.All(RecordFolder))
            record.SayForgotten();
        return [.. known.Where(vm => vm.Origin is not null)];
    }

    /// <inheritdoc />
    public async IAsyncEnumerable<VmExit> ExitsAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        using var timer = new PeriodicTimer(WatchInterval, parts.Clock);
        while (await timer.WaitForNextTickAsync(cancellation))
        {
            foreach (var vm in List().Where(vm => !ProcessTable.Runs(vm.ProcessId, vm.ProcessStart) && !leaving.ContainsKey(vm.Name)))
            {
                // Otherwise stopped on command meanwhile.
                if (!running.Take(vm))
                    continue;
                var words = LastWords(vm.Name);
                await RemoveAsync(vm);
                yield return new VmExit(vm, words.Length > 0 ? $"the process ended: {words}" : "the process ended");
            }
        }
    }

    /// <inheritdoc />
    public void Dispose() => oneStructuralChange.Dispose();

    /// <summary>Boots an on-line virtual machine, with all of its machine to boot with: its cap comes once it is healthy.</summary>
    /// <exception cref="HypervisorException">It cannot be booted; nothing is left.</exception>
    protected abstract Task<RunningVm> BootAsync(StartVm command, CancellationToken cancellation);

    /// <summary>Makes a clone that need not be healthy yet, uncapped on its machine.</summary>
    /// <exception cref="HypervisorException">It cannot be cloned; nothing is left, and the original runs on.</exception>
    protected abstract Task<Duplicate> DuplicateAsync(RunningVm original, CloneVm command, CancellationToken cancellation);

    /// <summary>Limit of the memory of a virtual machine's processes, when its group is made.</summary>
    protected virtual MemorySize GroupMemory(RunningVm vm) => vm.Memory;

    /// <summary>
    /// Sets how much memory one may use, and returns it as read back. What is limited here is the group of its processes.
    /// </summary>
    /// <exception cref="IOException">It cannot have so little.</exception>
    protected virtual Task<MemorySize> SetMemoryAsync(RunningVm vm, MemorySize limit, CancellationToken cancellation)
    {
        Groups.SetMemory(GroupOf(vm), limit);
        return Task.FromResult(Groups.ReadMemory(GroupOf(vm)) ?? limit);
    }

    /// <summary>What a live clone will be: its original in a network of its own, at the same port.</summary>
    protected static RunningVm LiveClone(RunningVm original, CloneVm command, int network) => new(
        command.CloneName,
        command.SandboxMachine,
        original.Start,
        original.Cpu,
        original.Memory,
        SandboxNetworks.CloneAddress(network) + original.Endpoint[original.Endpoint.LastIndexOf(':')..],
        0,
        0,
        new CloneOrigin(command))
    {
        Network = network,
        Details = original.Details,
    };

    /// <summary>Removes what was made for a virtual machine besides its processes and their group. What is gone is no error.</summary>
    protected abstract Task RemoveRestAsync(RunningVm vm);

    /// <summary>Before anything is cleaned: lets what an earlier agent left half done come to an end.</summary>
    protected virtual Task SettleAsync(IReadOnlyList<RunningVm> adopted, CancellationToken cancellation) => Task.CompletedTask;

    /// <summary>Removes whatever belongs to none of <paramref name="adopted"/>; its processes have ended.</summary>
    protected abstract Task SweepAsync(IReadOnlyList<RunningVm> adopted);

    /// <summary>Group of a virtual machine.</summary>
    protected static GroupPath GroupOf(RunningVm vm) => GroupPath.Of(vm.Machine, vm.Name);

    /// <summary>File that the output of a virtual machine's program goes to.</summary>
    protected virtual string LogOf(string vm) => Path.Combine(Settings.StateFolder, "logs", $"{vm}.log");

    /// <summary>The last line that a virtual machine's program wrote; empty when it wrote none.</summary>
    protected virtual string LastWords(string vm) => Launcher.LastWords(LogOf(vm));

    /// <summary>An empty one.</summary>
    protected string NewLog(string vm)
    {
        var log = LogOf(vm);
        Directory.CreateDirectory(Path.GetDirectoryName(log)!);
        File.Delete(log);
        return log;
    }

    /// <summary>The on-line virtual machine or clone of that name.</summary>
    /// <exception cref="HypervisorException">It does not run here.</exception>
    protected RunningVm Present(string vm) =>
        running.Find(vm) ?? throw new HypervisorException($"virtual machine {vm} does not run here") { NotRunning = true };

    /// <summary>Says how far a lengthy work has come.</summary>
    protected void Tell(string vm, string phase) => parts.Progress?.Report(new Phase(vm, phase));

    /// <summary>Refuses what does not fit: shares are promised, so their sum never exceeds the machine.</summary>
    protected void Admit(string machineName, string vm, CpuShare cpu)
    {
        var machine = Settings.Machine(machineName);
        var others = List().Where(other => other.Machine == machineName && other.Name != vm).Sum(other => other.Cpu.Cores);
        if (others + cpu.Cores > machine.Cpu.Cores + 1e-9)
            throw new HypervisorException($"cpu: {cpu} for {vm} is more than machine {machineName} has left ({new CpuShare(Math.Max(0, machine.Cpu.Cores - others))} of {machine.Cpu})");
    }

    /// <summary>
    /// Makes the group of <paramref name="vm"/> with all of its machine, and runs <paramref name="fill"/>, which starts a process in
    /// it and returns its id. The group goes when that fails.
    /// </summary>
    protected async Task<RunningVm> InGroupAsync(RunningVm vm, Func<IReadOnlyList<string>, Task<int>> fill, CancellationToken cancellation)
    {
        try
        {
            await oneStructuralChange.WaitAsync(cancellation);
            try
            {
                CreateGroup(vm, Settings.Machine(vm.Machine).Cpu);
            }
            finally
            {
                oneStructuralChange.Release();
            }

            // Side by side with others: a container's start takes seconds on a machine with little CPU.
            var process = await fill(Groups.EntryFiles(GroupOf(vm)));
            return vm with { ProcessId = process, ProcessStart = ProcessTable.StartOf(process) ?? 0 };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or HypervisorException)
        {
            await EndGroupAsync(GroupOf(vm));
            throw e as HypervisorException ?? new HypervisorException(e.Message);
        }
    }

    /// <summary>Removes a virtual machine with all that was made for it.</summary>
    protected async Task RemoveAsync(RunningVm vm)
    {
        await EndGroupAsync(GroupOf(vm));
        if (vm.Frequency is not null)
            parts.Frequencies.Restore(vm.Cores ?? Groups.Cores);
        await RemoveRestAsync(vm);
    }

    /// <summary>Frees one that stands still of its cap and its machine's, until the result is disposed.</summary>
    protected IDisposable Free(RunningVm vm) => lift.Free(vm, () => running.Find(vm.Name)?.Cpu ?? vm.Cpu);

    /// <summary>Gives a frozen virtual machine all of its machine, so that what is done to it is not held up by its own cap.</summary>
    protected void LiftCap(RunningVm vm) => SetCap(vm, Settings.Machine(vm.Machine).Cpu);

    private static bool IsOfTheFileSystem(Exception e) => e is IOException or UnauthorizedAccessException;

    /// <summary>What the file system refuses, as a reason; anything else as it is.</summary>
    private static Exception Reasoned(Exception e) => IsOfTheFileSystem(e) ? new HypervisorException(e.Message) : e;

    /// <summary>What the file system refuses is a reason like any other.</summary>
    private static async Task<T> ReasonedAsync<T>(Task<T> work)
    {
        try
        {
            return await work;
        }
        catch (Exception e) when (IsOfTheFileSystem(e))
        {
            throw Reasoned(e);
        }
    }

    private void CreateGroup(RunningVm vm, CpuShare cap)
    {
        Groups.Create(GroupOf(vm));
        Groups.SetCpu(GroupOf(vm), Settings.Real(cap), Settings.QuotaPeriod);
        Groups.SetMemory(GroupOf(vm), GroupMemory(vm));
    }

    /// <summary>Caps it.</summary>
    protected void SetCap(RunningVm vm, CpuShare cpu)
    {
        try
        {
            Groups.SetCpu(GroupOf(vm), Settings.Real(cpu), Settings.QuotaPeriod);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new HypervisorException(e.Message);
        }
    }

    private async Task<IReadOnlyList<int>> OwnNetworksAsync() =>
        Settings.Isolation == Isolation.Namespace ? await Networks.ListAsync() : [];

    /// <summary>A group may not have less than one below it, and the kernel counts a removed one for a moment longer.</summary>
    private async Task SetMachineCapAsync(MachineSettings machine, CancellationToken cancellation)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                Groups.SetCpu(GroupPath.Of(machine.Name), Settings.Real(machine.Cpu), Settings.QuotaPeriod);
                return;
            }
            catch (IOException e)
            {
                if (attempt == CapAttempts)
                    throw new ConfigurationException($"machine {machine.Name}: cpu: '{machine.Cpu}' cannot be set ({e.Message}); allowed is no less than what runs on it has");
                await Task.Delay(CapRetryInterval, cancellation);
            }
        }
    }

    /// <summary>The last words of one that has ended; null while it runs.</summary>
    protected string? Ended(RunningVm vm) =>
        ProcessTable.Runs(vm.ProcessId, vm.ProcessStart) ? null : LastWords(vm.Name) is { Length: > 0 } words ? words : "without a word";

    private async Task EndGroupAsync(GroupPath group)
    {
        ProcessTable.AskToEnd(Groups.Processes(group));
        var end = parts.Clock.GetUtcNow() + EndPatience;
        for (var attempt = 1; ; attempt++)
        {
            while (Groups.Processes(group).Count > 0)
            {
                if (parts.Clock.GetUtcNow() >= end)
                    ProcessTable.End(Groups.Processes(group));
                await Task.Delay(20);
            }

            try
            {
                Groups.Remove(group);
                return;
            }
            catch (IOException) when (attempt < GroupAttempts)
            {
                // A process that was being started when its agent was killed has come in since: it ends too.
            }
        }
    }
}
