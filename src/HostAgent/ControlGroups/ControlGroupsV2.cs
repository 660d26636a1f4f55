using System.Globalization;
using JustRunIt.Events.Quantities;

namespace JustRunIt.HostAgent.ControlGroups;

/// <summary>
/// Control groups version 2: one hierarchy, controllers handed down by each parent (kernel documentation,
/// admin-guide/cgroup-v2.rst). Processes live in leaves only.
/// </summary>
internal sealed class ControlGroupsV2(string mount, string agentGroup) : IControlGroups
{
    private const string CoresFile = "cpuset.cpus";

    private string Controllers => CanPin ? "+cpu +memory +cpuset" : "+cpu +memory";

    private readonly string root = Path.Combine(mount, agentGroup);

    /// <inheritdoc />
    public string Description => "control groups version 2";

    /// <inheritdoc />
    public bool CanPin { get; } =
        File.Exists(Path.Combine(mount, "cgroup.controllers"))
            && ControlGroupFiles.Read(mount, "cgroup.controllers").Split(' ').Contains("cpuset");

    /// <inheritdoc />
    public IReadOnlyList<int> Cores => CoreList.Parse(
        CanPin ? ControlGroupFiles.Read(mount, "cpuset.cpus.effective") : ControlGroupFiles.Read("/sys/devices/system/cpu", "online"));

    /// <inheritdoc />
    public void Create(GroupPath path)
    {
        ControlGroupFiles.Write(mount, "cgroup.subtree_control", Controllers);
        Directory.CreateDirectory(root);
        if (path.Machine is null)
            return;
        ControlGroupFiles.Write(root, "cgroup.subtree_control", Controllers);
        var machine = GroupPath.Of(path.Machine).Folder(root);
        Directory.CreateDirectory(machine);
        if (path.Vm is null)
            return;
        ControlGroupFiles.Write(machine, "cgroup.subtree_control", Controllers);
        Directory.CreateDirectory(path.Folder(root));
    }

    /// <inheritdoc />
    public IReadOnlyList<string> Children(GroupPath path)
    {
        var folder = path.Folder(root);
        return Directory.Exists(folder) ? [.. Directory.GetDirectories(folder).Select(child => Path.GetFileName(child))] : [];
    }

    /// <inheritdoc />
    public void SetCpu(GroupPath path, CpuShare realCores, TimeSpan period)
    {
        var (quota, periodMicroseconds) = Quota.Of(realCores, period);
        ControlGroupFiles.Write(path.Folder(root), "cpu.max", string.Create(CultureInfo.InvariantCulture, $"{quota} {periodMicroseconds}"));
    }

    /// <inheritdoc />
    public void Uncap(GroupPath path) => ControlGroupFiles.Write(path.Folder(root), "cpu.max", "max");

    /// <inheritdoc />
    public CpuShare? ReadCpu(GroupPath path)
    {
        var parts = ControlGroupFiles.Read(path.Folder(root), "cpu.max").Split(' ');
        return parts[0] == "max"
            ? null
            : new CpuShare(double.Parse(parts[0], CultureInfo.InvariantCulture) / double.Parse(parts[1], CultureInfo.InvariantCulture));
    }

    /// <inheritdoc />
    public void SetMemory(GroupPath path, MemorySize limit)
    {
        // Version 1 refuses a limit below what is in use; version 2 would kill for it.
        const string key = "anon ";
        var line = File.ReadLines(Path.Combine(path.Folder(root), "memory.stat"))
            .FirstOrDefault(line => line.StartsWith(key, StringComparison.Ordinal));
        if (line is not null && long.Parse(line.AsSpan(key.Length), CultureInfo.InvariantCulture) is var used && used > limit.Bytes)
            throw new IOException($"memory: {limit} is less than the {new MemorySize(used)} in use");
        ControlGroupFiles.Write(path.Folder(root), "memory.max", limit.Bytes.ToString(CultureInfo.InvariantCulture));
    }

    /// <inheritdoc />
    public MemorySize? ReadMemory(GroupPath path) =>
        ControlGroupFiles.Read(path.Folder(root), "memory.max") is var limit && limit == "max"
            ? null
            : new MemorySize(long.Parse(limit, CultureInfo.InvariantCulture));

    /// <inheritdoc />
    public void SetCores(GroupPath path, IReadOnlyList<int> cores) =>
        ControlGroupFiles.Write(path.Folder(root), CoresFile, cores.Count > 0 ? CoreList.Format(cores) : "\n");

    /// <inheritdoc />
    public IReadOnlyList<int>? ReadCores(GroupPath path) =>
        CanPin && ControlGroupFiles.Read(path.Folder(root), CoresFile) is { Length: > 0 } cores ? CoreList.Parse(cores) : null;

    /// <inheritdoc />
    public IReadOnlyList<string> EntryFiles(GroupPath path) => [Path.Combine(path.Folder(root), "cgroup.procs")];

    /// <inheritdoc />
    public IReadOnlyList<int> Processes(GroupPath path) => ControlGroupFiles.Processes(path.Folder(root));

    /// <inheritdoc />
    public bool HasOwnGroups(GroupPath path) => ControlGroupFiles.Below(path.Folder(root)).Count > 0;

    /// <inheritdoc />
    public void MoveProcesses(GroupPath from, GroupPath to) => ControlGroupFiles.Move(from.Folder(root), to.Folder(root));

    /// <inheritdoc />
    public TimeSpan CpuTime(GroupPath path)
    {
        const string key = "usage_usec ";
        var line = File.ReadLines(Path.Combine(path.Folder(root), "cpu.stat"))
            .First(line => line.StartsWith(key, StringComparison.Ordinal));
        return TimeSpan.FromMicroseconds(long.Parse(line.AsSpan(key.Length), CultureInfo.InvariantCulture));
    }

    /// <inheritdoc />
    public (long Periods, long Throttled) Throttling(GroupPath path) => ControlGroupFiles.Throttling(path.Folder(root));

    /// <inheritdoc />
    public void Remove(GroupPath path) => ControlGroupFiles.Remove(path.Folder(root));
}
