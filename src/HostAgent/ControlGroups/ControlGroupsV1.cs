using System.Globalization;
using JustRunIt.Events.Quantities;

namespace JustRunIt.HostAgent.ControlGroups;

/// <summary>
/// Control groups version 1: a hierarchy a controller (kernel documentation, admin-guide/cgroup-v1 and scheduler/sched-bwc.rst).
/// </summary>
internal sealed class ControlGroupsV1(
    string cpuRoot, string cpuAccountingRoot, string memoryRoot, string? coresRoot, string agentGroup) : IControlGroups
{
    private readonly string cpu = Path.Combine(cpuRoot, agentGroup);
    private readonly string accounting = Path.Combine(cpuAccountingRoot, agentGroup);
    private readonly string memory = Path.Combine(memoryRoot, agentGroup);
    private readonly string? cores = coresRoot is null ? null : Path.Combine(coresRoot, agentGroup);

    /// <inheritdoc />
    public string Description => "control groups version 1";

    private IEnumerable<string> Roots => new[] { cpu, accounting, memory, cores }.OfType<string>().Distinct();

    /// <inheritdoc />
    public bool CanPin => cores is not null;

    /// <inheritdoc />
    public IReadOnlyList<int> Cores =>
        CoreList.Parse(ControlGroupFiles.Read(coresRoot ?? "/sys/devices/system/cpu", coresRoot is null ? "online" : CoresFile));

    /// <inheritdoc />
    public void Create(GroupPath path)
    {
        foreach (var root in Roots)
            Directory.CreateDirectory(path.Folder(root));
        // A new cpuset has neither cores nor memory nodes, and takes no process: it gets its parent's, from the top down.
        foreach (var level in cores is null ? [] : path.Levels)
        {
            foreach (var file in new[] { CoresFile, "cpuset.mems" })
            {
                var folder = level.Folder(cores!);
                if (ControlGroupFiles.Read(folder, file).Length == 0)
                    ControlGroupFiles.Write(folder, file, ControlGroupFiles.Read(Path.GetDirectoryName(folder)!, file));
            }
        }
    }

    /// <inheritdoc />
    public IReadOnlyList<string> Children(GroupPath path) =>
    [
        // Also where a kill has left one in some of the hierarchies only.
        .. Roots.Select(root => path.Folder(root)).Where(Directory.Exists).SelectMany(Directory.GetDirectories)
            .Select(child => Path.GetFileName(child)).Distinct(),
    ];

    /// <inheritdoc />
    public void SetCpu(GroupPath path, CpuShare realCores, TimeSpan period)
    {
        var folder = path.Folder(cpu);
        var (quota, periodMicroseconds) = Quota.Of(realCores, period);
        if (ControlGroupFiles.Read(folder, PeriodFile) != Text(periodMicroseconds))
        {
            // A child may never exceed its parent's ratio, not even between two writes: lift the cap while the period changes.
            Uncap(path);
            ControlGroupFiles.Write(folder, PeriodFile, Text(periodMicroseconds));
        }

        try
        {
            ControlGroupFiles.Write(folder, QuotaFile, Text(quota));
        }
        catch (IOException) when (UncapOwn(path, (double)quota / periodMicroseconds))
        {
            ControlGroupFiles.Write(folder, QuotaFile, Text(quota));
        }
    }

    /// <inheritdoc />
    public void Uncap(GroupPath path) => ControlGroupFiles.Write(path.Folder(cpu), QuotaFile, "-1");

    /// <inheritdoc />
    public CpuShare? ReadCpu(GroupPath path)
    {
        var folder = path.Folder(cpu);
        return Share(folder) is { } share ? new CpuShare(share) : null;
    }

    /// <inheritdoc />
    public void SetMemory(GroupPath path, MemorySize limit) =>
        ControlGroupFiles.Write(path.Folder(memory), "memory.limit_in_bytes", Text(limit.Bytes));

    /// <inheritdoc />
    public MemorySize? ReadMemory(GroupPath path)
    {
        // No limit is the largest whole number of pages.
        var limit = long.Parse(ControlGroupFiles.Read(path.Folder(memory), "memory.limit_in_bytes"), CultureInfo.InvariantCulture);
        return limit > long.MaxValue / 2 ? null : new MemorySize(limit);
    }

    /// <inheritdoc />
    public void SetCores(GroupPath path, IReadOnlyList<int> numbers) => ControlGroupFiles.Write(
        path.Folder(cores ?? throw new IOException("the cpuset controller is not mounted")),
        CoresFile,
        CoreList.Format(numbers.Count > 0 ? numbers : Cores));

    /// <inheritdoc />
    public IReadOnlyList<int>? ReadCores(GroupPath path) =>
        cores is not null && CoreList.Parse(ControlGroupFiles.Read(path.Folder(cores), CoresFile)) is var pinned
            && pinned.Count < Cores.Count
            ? pinned
            : null;

    /// <inheritdoc />
    public IReadOnlyList<string> EntryFiles(GroupPath path) =>
        [.. Roots.Select(root => Path.Combine(path.Folder(root), "cgroup.procs"))];

    /// <inheritdoc />
    public IReadOnlyList<int> Processes(GroupPath path) =>
        [.. Roots.SelectMany(root => ControlGroupFiles.Processes(path.Folder(root))).Distinct()];

    /// <inheritdoc />
    public bool HasOwnGroups(GroupPath path) => Roots.Any(root => ControlGroupFiles.Below(path.Folder(root)).Count > 0);

    /// <inheritdoc />
    public void MoveProcesses(GroupPath from, GroupPath to)
    {
        foreach (var root in Roots)
            ControlGroupFiles.Move(from.Folder(root), to.Folder(root));
    }

    /// <inheritdoc />
    public TimeSpan CpuTime(GroupPath path) => TimeSpan.FromMicroseconds(
        long.Parse(ControlGroupFiles.Read(path.Folder(accounting), "cpuacct.usage"), CultureInfo.InvariantCulture) / 1000.0);

    /// <inheritdoc />
    public (long Periods, long Throttled) Throttling(GroupPath path) => ControlGroupFiles.Throttling(path.Folder(cpu));

    /// <inheritdoc />
    public void Remove(GroupPath path)
    {
        foreach (var root in Roots)
            ControlGroupFiles.Remove(path.Folder(root));
    }

    private const string CoresFile = "cpuset.cpus";
    private const string QuotaFile = "cpu.cfs_quota_us";
    private const string PeriodFile = "cpu.cfs_period_us";

    /// <summary>
    /// A server that makes groups of its own may cap them, and the kernel refuses the server's group less than one of those has. What
    /// is above limits them all the same.
    /// </summary>
    /// <returns>Whether anything was uncapped.</returns>
    private bool UncapOwn(GroupPath path, double share)
    {
        var uncapped = false;
        foreach (var own in path.Vm is null ? [] : ControlGroupFiles.Below(path.Folder(cpu)))
        {
            if (!(Share(own) > share))
                continue;
            ControlGroupFiles.Write(own, QuotaFile, "-1");
            uncapped = true;
        }

        return uncapped;
    }

    private static double? Share(string folder)
    {
        var quota = long.Parse(ControlGroupFiles.Read(folder, QuotaFile), CultureInfo.InvariantCulture);
        var period = long.Parse(ControlGroupFiles.Read(folder, PeriodFile), CultureInfo.InvariantCulture);
        return quota < 0 ? null : (double)quota / period;
    }

    private static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);
}
