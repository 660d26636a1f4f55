using System.Globalization;
using JustRunIt.Events.Quantities;

namespace JustRunIt.HostAgent.ControlGroups;

/// <summary>
/// Control groups version 2: one hierarchy, controllers handed down by each parent (kernel documentation,
/// admin-guide/cgroup-v2.rst). Processes live in leaves only.
/// </summary>
internal sealed class ControlGroupsV2(string mount, string agentGroup) : IControlGroups
{
    private const string Controllers = "+cpu +memory";
    private readonly string root = Path.Combine(mount, agentGroup);

    /// <inheritdoc />
    public string Description => "control groups version 2";

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
        var periodMicroseconds = (long)period.TotalMicroseconds;
        var quota = Math.Max(1000, (long)Math.Round(realCores.Cores * periodMicroseconds));
        ControlGroupFiles.Write(path.Folder(root), "cpu.max", string.Create(CultureInfo.InvariantCulture, $"{quota} {periodMicroseconds}"));
    }

    /// <inheritdoc />
    public CpuShare? ReadCpu(GroupPath path)
    {
        var parts = ControlGroupFiles.Read(path.Folder(root), "cpu.max").Split(' ');
        return parts[0] == "max"
            ? null
            : new CpuShare(double.Parse(parts[0], CultureInfo.InvariantCulture) / double.Parse(parts[1], CultureInfo.InvariantCulture));
    }

    /// <inheritdoc />
    public void SetMemory(GroupPath path, MemorySize limit) =>
        ControlGroupFiles.Write(path.Folder(root), "memory.max", limit.Bytes.ToString(CultureInfo.InvariantCulture));

    /// <inheritdoc />
    public IReadOnlyList<string> EntryFiles(GroupPath path) => [Path.Combine(path.Folder(root), "cgroup.procs")];

    /// <inheritdoc />
    public IReadOnlyList<int> Processes(GroupPath path) => ControlGroupFiles.Processes(path.Folder(root));

    /// <inheritdoc />
    public void MoveProcesses(GroupPath from, GroupPath to) => ControlGroupFiles.Move(from.Folder(root), to.Folder(root));

    /// <inheritdoc />
    public TimeSpan CpuTime(GroupPath path)
    {
        const string key = "usage_usec ";
        var line = File.ReadLines(Path.Combine(path.Folder(root), "cpu.stat")).First(line => line.StartsWith(key, StringComparison.Ordinal));
        return TimeSpan.FromMicroseconds(long.Parse(line.AsSpan(key.Length), CultureInfo.InvariantCulture));
    }

    /// <inheritdoc />
    public void Remove(GroupPath path) => ControlGroupFiles.Remove(path.Folder(root));
}
