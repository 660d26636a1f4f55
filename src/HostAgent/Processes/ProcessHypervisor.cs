using System.Diagnostics;
using JustRunIt.Events.Hosts;
using JustRunIt.Events.Quantities;
using JustRunIt.Events.Store.Configuration;
using JustRunIt.HostAgent.Configuration;
using JustRunIt.HostAgent.ControlGroups;
using JustRunIt.HostAgent.Hypervisors;

namespace JustRunIt.HostAgent.Processes;

/// <summary>
/// Virtual machines that are processes in capped control groups. A clone is a second instance started cold, in a network of
/// its own: the paper's configuration without VM cloning (§2.2.1).
/// </summary>
internal sealed class ProcessHypervisor(
    AgentSettings settings, IControlGroups groups, StateFile state, SandboxNetworks networks, TimeProvider clock) : IHypervisor, IDisposable
{
    private const int CapAttempts = 100;
    private static readonly TimeSpan CapRetryInterval = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan EndPatience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan WatchInterval = TimeSpan.FromMilliseconds(100);

    private readonly Lock gate = new();
    private readonly SemaphoreSlim oneStructuralChange = new(1);
    private readonly NameLocks names = new();
    private readonly Dictionary<string, RunningVm> running = [];

    /// <inheritdoc />
    public string Name => "process";

    /// <inheritdoc />
    public IReadOnlyList<RunningVm> List()
    {
        lock (gate)
            return [.. running.Values];
    }

    /// <inheritdoc />
    public async Task<RunningVm> StartAsync(StartVm command, CancellationToken cancellation)
    {
        using var name = await names.TakeAsync(command.Vm, cancellation);
        if (Find(command.Vm) is { } present)
            return present;
        Admit(command.Machine, command.Vm, command.Cpu);
        var log = LogOf(command.Vm);
        var vm = await LaunchAsync(command.Vm, command.Machine, command, command.Program.Listen, command.Program.Next, null, cancellation);
        try
        {
            await HealthCheck.WaitAsync(vm.Endpoint, command.Program.HealthPath, () => Ended(vm, log), cancellation);
            SetCap(vm, command.Cpu);
            return Put(vm);
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
        if (Find(command.CloneName) is { Origin: { } origin } present)
            return new CloneResult(present.Endpoint, Cold: true, TimeSpan.Zero, origin.CloneTime, 0);
        var original = Find(command.Vm) is { Origin: null } found
            ? found
            : throw new HypervisorException($"virtual machine {command.Vm} does not run on a machine of agent {settings.Agent}");
        Admit(command.SandboxMachine, command.CloneName, original.Cpu);
        var port = original.Start.Program.Listen[(original.Start.Program.Listen.LastIndexOf(':') + 1)..];
        int? network = settings.Isolation == Isolation.Namespace ? await networks.CreateAsync(command.Next) : null;
        RunningVm? clone = null;
        try
        {
            var (listen, next) = network is { } number
                ? ($"{SandboxNetworks.CloneAddress(number)}:{port}", InSandbox(command.Next, number))
                : ($"127.0.0.1:{FreePort.Find()}", command.Next);
            clone = await LaunchAsync(
                command.CloneName, command.SandboxMachine, original.Start, listen, next, new CloneOrigin(command, network, TimeSpan.Zero), cancellation);
            await HealthCheck.WaitAsync(listen, original.Start.Program.HealthPath, () => Ended(clone, LogOf(clone.Name)), cancellation);
            var took = Stopwatch.GetElapsedTime(begin);
            SetCap(clone, original.Cpu);
            Put(clone with { Cpu = original.Cpu, Origin = clone.Origin! with { CloneTime = took } });
            return new CloneResult(listen, Cold: true, TimeSpan.Zero, took, 0);
        }
        catch
        {
            if (clone is not null)
                await RemoveAsync(clone);
            else if (network is { } number)
                await networks.DestroyAsync(number);
            throw;
        }
    }

    /// <inheritdoc />
    public CpuShare SetAllocation(string vm, CpuShare cpu, MemorySize? memory)
    {
        var present = Find(vm) ?? throw Unknown(vm);
        Admit(present.Machine, vm, cpu);
        if (memory is { } limit)
            groups.SetMemory(GroupOf(present), limit);
        SetCap(present, cpu);
        Put(present with { Cpu = cpu, Memory = memory ?? present.Memory });
        var cap = groups.ReadCpu(GroupOf(present)) ?? throw new HypervisorException($"the cap of {vm} is not in force");
        return new CpuShare(cap.Cores / settings.CoreSize);
    }

    /// <inheritdoc />
    public async Task MigrateAsync(string vm, string to, CancellationToken cancellation)
    {
        await oneStructuralChange.WaitAsync(cancellation);
        try
        {
            var present = Find(vm) ?? throw Unknown(vm);
            if (present.Machine == to)
                return;
            Admit(to, vm, present.Cpu);
            var moved = present with { Machine = to };
            CreateGroup(moved, present.Cpu);
            groups.MoveProcesses(GroupOf(present), GroupOf(moved));
            Put(moved);
            groups.Remove(GroupOf(present));
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
        RunningVm? present;
        lock (gate)
        {
            if (running.Remove(vm, out present))
                state.Save(running.Values);
        }

        if (present is not null)
            await RemoveAsync(present);
    }

    /// <inheritdoc />
    public async Task<IReadOnlyList<RunningVm>> RecoverAsync(CancellationToken cancellation)
    {
        foreach (var machine in settings.Machines)
            groups.Create(GroupPath.Of(machine.Name));
        var known = state.Load();
        var destroyed = known.Where(vm => vm.Origin is not null).ToList();
        foreach (var vm in known.Where(vm => vm.Origin is null && ProcessTable.Runs(vm.ProcessId, vm.ProcessStart)))
            Put(vm);
        foreach (var (machine, name) in settings.Machines.SelectMany(machine => groups.Children(GroupPath.Of(machine.Name)).Select(name => (machine.Name, name))))
        {
            if (Find(name)?.Machine != machine)
                await EndGroupAsync(GroupPath.Of(machine, name));
        }

        foreach (var machine in settings.Machines)
            await SetMachineCapAsync(machine, cancellation);
        if (settings.Isolation == Isolation.Namespace)
        {
            foreach (var number in await networks.ListAsync())
                await networks.DestroyAsync(number);
        }

        state.Save(List().ToList());
        return destroyed;
    }

    /// <inheritdoc />
    public async IAsyncEnumerable<VmExit> ExitsAsync([System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellation)
    {
        using var timer = new PeriodicTimer(WatchInterval, clock);
        while (await timer.WaitForNextTickAsync(cancellation))
        {
            foreach (var vm in List().Where(vm => !ProcessTable.Runs(vm.ProcessId, vm.ProcessStart)))
            {
                lock (gate)
                {
                    // Stopped on command meanwhile, or started anew under the same name.
                    if (!running.TryGetValue(vm.Name, out var present) || present.ProcessId != vm.ProcessId || !running.Remove(vm.Name))
                        continue;
                    state.Save(running.Values);
                }

                await RemoveAsync(vm);
                yield return new VmExit(vm, Launcher.LastWords(LogOf(vm.Name)) is { Length: > 0 } words ? $"the process ended: {words}" : "the process ended");
            }
        }
    }

    /// <inheritdoc />
    public void Dispose() => oneStructuralChange.Dispose();

    private static HypervisorException Unknown(string vm) => new($"virtual machine {vm} does not run here") { NotRunning = true };

    private static GroupPath GroupOf(RunningVm vm) => GroupPath.Of(vm.Machine, vm.Name);

    private static string? InSandbox(string? next, int number) =>
        next is null ? null : SandboxNetworks.HostAddress(number) + next[next.LastIndexOf(':')..];

    /// <summary>A group may not have less than one below it, and the kernel counts a removed one for a moment longer.</summary>
    private async Task SetMachineCapAsync(MachineSettings machine, CancellationToken cancellation)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                groups.SetCpu(GroupPath.Of(machine.Name), Real(machine.Cpu), settings.QuotaPeriod);
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

    private CpuShare Real(CpuShare share) => new(share.Cores * settings.CoreSize);

    private string LogOf(string vm) => Path.Combine(settings.StateFolder, "logs", $"{vm}.log");

    private RunningVm? Find(string vm)
    {
        lock (gate)
            return running.GetValueOrDefault(vm);
    }

    private RunningVm Put(RunningVm vm)
    {
        lock (gate)
        {
            running[vm.Name] = vm;
            state.Save(running.Values);
            return vm;
        }
    }

    /// <summary>Refuses what does not fit: shares are promised, so their sum never exceeds the machine.</summary>
    private void Admit(string machineName, string vm, CpuShare cpu)
    {
        var machine = settings.Machine(machineName);
        var others = List().Where(other => other.Machine == machineName && other.Name != vm).Sum(other => other.Cpu.Cores);
        if (others + cpu.Cores > machine.Cpu.Cores + 1e-9)
            throw new HypervisorException($"cpu: {cpu} for {vm} is more than machine {machineName} has left ({new CpuShare(Math.Max(0, machine.Cpu.Cores - others))} of {machine.Cpu})");
    }

    private void CreateGroup(RunningVm vm, CpuShare cap)
    {
        groups.Create(GroupOf(vm));
        groups.SetCpu(GroupOf(vm), Real(cap), settings.QuotaPeriod);
        groups.SetMemory(GroupOf(vm), vm.Memory);
    }

    private void SetCap(RunningVm vm, CpuShare cpu)
    {
        try
        {
            groups.SetCpu(GroupOf(vm), Real(cpu), settings.QuotaPeriod);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new HypervisorException(e.Message);
        }
    }

    /// <summary>Starts the program with all of its machine to boot with; its cap comes once it is healthy.</summary>
    private async Task<RunningVm> LaunchAsync(
        string name, string machine, StartVm start, string listen, string? next, CloneOrigin? origin, CancellationToken cancellation)
    {
        await oneStructuralChange.WaitAsync(cancellation);
        try
        {
            var vm = new RunningVm(name, machine, start, start.Cpu, start.Memory, listen, 0, 0, origin);
            CreateGroup(vm, settings.Machine(machine).Cpu);
            var log = LogOf(name);
            Directory.CreateDirectory(Path.GetDirectoryName(log)!);
            File.Delete(log);
            var process = Launcher.Start(
                start.Program, listen, next, groups.EntryFiles(GroupOf(vm)), origin?.Network is { } number ? networks.Namespace(number) : null, log);
            return vm with { ProcessId = process, ProcessStart = ProcessTable.StartOf(process) ?? 0 };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or HypervisorException)
        {
            groups.Remove(GroupPath.Of(machine, name));
            throw e as HypervisorException ?? new HypervisorException(e.Message);
        }
        finally
        {
            oneStructuralChange.Release();
        }
    }

    private static string? Ended(RunningVm vm, string log) =>
        ProcessTable.Runs(vm.ProcessId, vm.ProcessStart) ? null : Launcher.LastWords(log) is { Length: > 0 } words ? words : "without a word";

    private async Task RemoveAsync(RunningVm vm)
    {
        await EndGroupAsync(GroupOf(vm));
        if (vm.Origin?.Network is { } number)
            await networks.DestroyAsync(number);
    }

    private async Task EndGroupAsync(GroupPath group)
    {
        ProcessTable.AskToEnd(groups.Processes(group));
        var end = clock.GetUtcNow() + EndPatience;
        while (groups.Processes(group).Count > 0)
        {
            if (clock.GetUtcNow() >= end)
                ProcessTable.End(groups.Processes(group));
            await Task.Delay(20);
        }

        groups.Remove(group);
    }
}
