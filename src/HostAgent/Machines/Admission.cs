using System.Globalization;
using JustRunIt.Events.Quantities;
using JustRunIt.HostAgent.Configuration;
using JustRunIt.HostAgent.ControlGroups;
using JustRunIt.Hosting;

namespace JustRunIt.HostAgent.Machines;

/// <summary>
/// Refuses what does not fit: shares and memory are promised, so their sums never exceed the machine. What is being started, cloned,
/// moved or raised is promised from the moment that it is let in, not from when it runs: of several at once, one waits for the other's
/// sum and not for its end. Lowering is let in always, also where a machine is promised beyond what it has. What runs in quarantine, and
/// what was told to end and has not, has what it had, address included.
/// </summary>
/// <param name="settings">The agent's settings.</param>
/// <param name="running">What runs.</param>
/// <param name="hasProcesses">Whether one that was told to end has any left.</param>
internal sealed class Admission(AgentSettings settings, RunningVms running, Func<RunningVm, bool> hasProcesses)
{
    private const double Tolerance = 1e-9;

    /// <summary>Less than this of a core of its machine runs nothing, and is a slip: of digits, or of the unit.</summary>
    private static readonly CpuShare SmallestCpu = CpuShare.FromPercent(1);

    private static readonly MemorySize SmallestMemory = MemorySize.FromMebibytes(1);

    private readonly Lock gate = new();
    private readonly Dictionary<string, Promise> promises = [];

    /// <summary>Promises one so much of a machine until the result is disposed, by when it runs with it, or does not.</summary>
    /// <param name="machineName">The machine.</param>
    /// <param name="vm">Whose.</param>
    /// <param name="cpu">CPU that it is to have.</param>
    /// <param name="memory">Memory that it is to have.</param>
    /// <param name="listen">Address that it is to be reached at; null where it has one of its own, or has its address already.</param>
    /// <exception cref="HostException">It does not fit, or there is no such machine, with the figures.</exception>
    public IDisposable Admit(string machineName, string vm, CpuShare cpu, MemorySize memory, Endpoint? listen = null)
    {
        var machine = settings.Machine(machineName);
        lock (gate)
        {
            if (promises.ContainsKey(vm))
                throw new HostException($"{vm} is being started, cloned, moved or changed already");
            var others = Promised(vm).Where(other => other.Machine == machineName).ToList();
            var runs = running.Find(vm);
            var now = runs?.Machine == machineName ? runs : null;
            var (usedCpu, usedMemory) = (others.Sum(other => other.Cpu.Cores), others.Sum(other => other.Memory.Bytes));
            if ((now is null || cpu > now.Cpu) && usedCpu + cpu.Cores > machine.Cpu.Cores + Tolerance)
            {
                var left = new CpuShare(Math.Max(0, machine.Cpu.Cores - usedCpu));
                throw new HostException($"cpu: {cpu} for {vm} is more than machine {machineName} has left ({left} of {machine.Cpu})");
            }

            if ((now is null || memory > now.Memory) && memory.Bytes > machine.Memory.Bytes - usedMemory)
            {
                var left = new MemorySize(Math.Max(0, machine.Memory.Bytes - usedMemory));
                throw new HostException(
                    $"memory: {memory} for {vm} is more than machine {machineName} has left ({left} of {machine.Memory})");
            }

            if (listen is not null && Holder(vm, listen) is { } holder)
                throw new HostException($"listen: '{listen}' for {vm} is what {holder} is reached at; allowed is an address that is free");
            // While it is lowered it has what it had.
            promises.Add(vm, new Promise(
                vm,
                machineName,
                now is not null && now.Cpu > cpu ? now.Cpu : cpu,
                now is not null && now.Memory > memory ? now.Memory : memory,
                listen?.ToString() ?? (runs is null ? null : Of(runs).Listen)));
        }

        return new Release(this, vm);
    }

    /// <summary>Refuses what is too little to be meant.</summary>
    /// <exception cref="HostException">It is, with what is allowed.</exception>
    public void Check(CpuShare? cpu, MemorySize? memory)
    {
        var kernels = Quota.SmallestMicroseconds / (double)Quota.LongestPeriodMicroseconds / settings.CoreSize;
        var least = new CpuShare(Math.Max(SmallestCpu.Cores, kernels));
        if (cpu is { } share && share.Cores < least.Cores - Tolerance)
        {
            throw new HostException(string.Create(
                CultureInfo.InvariantCulture, $"cpu: {share.Cores:0.#########} cores; allowed is {least} of a core or more"));
        }

        if (memory is { } size && size < SmallestMemory)
        {
            throw new HostException(string.Create(
                CultureInfo.InvariantCulture, $"memory: {size.Bytes} bytes; allowed is {SmallestMemory} or more"));
        }
    }

    private IEnumerable<Promise> Promised(string but)
    {
        foreach (var vm in running.All.Where(vm => vm.Name != but && !promises.ContainsKey(vm.Name)))
            yield return Of(vm);
        // What is in quarantine runs on: what it has is taken.
        foreach (var vm in running.Quarantined.Where(vm => vm.Name != but))
            yield return new Promise(vm.Name, vm.Machine, vm.Cpu, vm.Memory, vm.Known is { } known ? Of(known).Listen : null);
        foreach (var vm in running.Ending.Where(vm => vm.Name != but && HasProcesses(vm)))
            yield return Of(vm);
        foreach (var promise in promises.Values)
        {
            yield return promise;
            // On its way from one machine to another it counts on both.
            if (running.Find(promise.Vm) is { } vm && vm.Machine != promise.Machine)
                yield return Of(vm);
        }
    }

    /// <summary>What cannot be read is not gone.</summary>
    private bool HasProcesses(RunningVm vm)
    {
        try
        {
            return hasProcesses(vm);
        }
        catch (Exception e) when (HostException.IsOfTheSystem(e))
        {
            return true;
        }
    }

    /// <summary>What runs. A clone's address is one of its own network's.</summary>
    private static Promise Of(RunningVm vm) =>
        new(vm.Name, vm.Machine, vm.Cpu, vm.Memory, vm is { Origin: not null, Network: not null } ? null : vm.Endpoint);

    private string? Holder(string vm, Endpoint listen) => Promised(vm)
        .Where(other => Endpoint.TryParse(other.Listen, EndpointKinds.HostName, out var taken) && Listeners.Overlap(taken, listen))
        .Select(other => other.Vm)
        .FirstOrDefault();

    private sealed record Promise(string Vm, string Machine, CpuShare Cpu, MemorySize Memory, string? Listen);

    private sealed class Release(Admission admission, string vm) : IDisposable
    {
        public void Dispose()
        {
            lock (admission.gate)
                admission.promises.Remove(vm);
        }
    }
}
