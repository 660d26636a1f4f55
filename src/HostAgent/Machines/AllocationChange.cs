using JustRunIt.Events.Messaging;
using JustRunIt.Events.Quantities;
using JustRunIt.HostAgent.BackEnds;
using JustRunIt.HostAgent.ControlGroups;

namespace JustRunIt.HostAgent.Machines;

/// <summary>Changes what a running virtual machine may use: all of what is wanted, or, with the reason, nothing.</summary>
internal static class AllocationChange
{
    /// <summary>Checks everything first, then sets it; what was set before something failed is set back.</summary>
    /// <returns>The virtual machine with what it has now.</returns>
    /// <exception cref="HostException">It cannot be had; everything is as it was.</exception>
    public static async Task<RunningVm> ApplyAsync(
        RunningVm vm,
        VmAllocation wanted,
        HostParts parts,
        RunningVms running,
        IBackEnd backEnd,
        CancellationToken cancellation,
        IAnsweredCommand? command = null)
    {
        var others = running.All.Where(other => other.Name != vm.Name).ToList();
        var cores = wanted.Cores is null ? vm.Cores : wanted.Cores.Count == 0 ? null : wanted.Cores.Distinct().Order().ToList();
        if ((CoresProblem(wanted.Cores, parts.Groups)
            ?? FrequencyProblem(vm, wanted.Frequency ?? vm.Frequency, cores, others, parts)) is { } problem)
            throw new HostException(problem);
        var group = GroupPath.Of(vm.Machine, vm.Name);
        var undo = new Stack<Func<Task>>();
        try
        {
            var next = vm with { Cpu = wanted.Cpu ?? vm.Cpu, Cores = cores };
            if (wanted.Memory is { } memory)
            {
                undo.Push(() => backEnd.SetMemoryAsync(vm, vm.Memory, CancellationToken.None));
                next = next with { Memory = await backEnd.SetMemoryAsync(vm, memory, cancellation, command) };
            }

            if (wanted.Cores is not null)
            {
                undo.Push(() => Later(() => parts.Groups.SetCores(group, vm.Cores ?? [])));
                parts.Groups.SetCores(group, cores ?? []);
            }

            if (wanted.Cpu is { } cpu)
            {
                undo.Push(() => Later(() => parts.Groups.SetCpu(group, parts.Settings.Real(vm.Cpu), parts.Settings.QuotaPeriod)));
                parts.Groups.SetCpu(group, parts.Settings.Real(cpu), parts.Settings.QuotaPeriod);
            }

            if ((wanted.Frequency ?? vm.Frequency) is { } frequency && (wanted.Frequency is not null || wanted.Cores is not null))
            {
                undo.Push(() => Later(() => RestoreFrequency(vm, cores, parts)));
                next = next with { Frequency = parts.Frequencies.Set(cores ?? parts.Groups.Cores, frequency) };
                // Cores that it leaves are as they were before it came.
                parts.Frequencies.Restore((vm.Frequency is null ? [] : vm.Cores ?? parts.Groups.Cores).Except(cores ?? parts.Groups.Cores));
            }

            return next;
        }
        catch (Exception e)
        {
            foreach (var step in undo)
                await TryAsync(step);
            throw HostException.Of(e);
        }
    }

    private static string? CoresProblem(IReadOnlyList<int>? cores, IControlGroups groups)
    {
        if (cores is not { Count: > 0 })
            return null;
        if (!groups.CanPin)
            return $"cores: {groups.Description} have no cpuset controller here";
        var unknown = cores.Except(groups.Cores).ToList();
        return unknown.Count == 0 ? null : $"cores: '{CoreList.Format(unknown)}'; allowed are {CoreList.Format(groups.Cores)}";
    }

    /// <summary>A frequency belongs to cores: they must be the virtual machine's own.</summary>
    private static string? FrequencyProblem(
        RunningVm vm, Frequency? frequency, IReadOnlyList<int>? cores, List<RunningVm> others, HostParts parts)
    {
        if (frequency is not { } wanted)
            return null;
        var sharing = others.Where(other => cores is null || other.Cores is null || other.Cores.Intersect(cores).Any()).ToList();
        var names = string.Join(", ", sharing.Select(other => other.Name));
        return sharing.Count > 0
            ? $"frequency: {vm.Name} shares cores with {names}; pin each to cores of its own first"
            : parts.Frequencies.Problem(cores ?? parts.Groups.Cores, wanted);
    }

    private static void RestoreFrequency(RunningVm vm, IReadOnlyList<int>? tried, HostParts parts)
    {
        parts.Frequencies.Restore((tried ?? parts.Groups.Cores).Except(vm.Frequency is null ? [] : vm.Cores ?? parts.Groups.Cores));
        if (vm.Frequency is { } frequency)
            parts.Frequencies.Set(vm.Cores ?? parts.Groups.Cores, frequency);
    }

    private static Task Later(Action action)
    {
        action();
        return Task.CompletedTask;
    }

    private static async Task TryAsync(Func<Task> step)
    {
        try
        {
            await step();
        }
        catch (Exception e) when (e is HostException || HostException.IsOfTheSystem(e))
        {
            // The first reason is the one that is told.
        }
    }
}
