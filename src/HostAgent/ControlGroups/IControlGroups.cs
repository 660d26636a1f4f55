using JustRunIt.Events.Quantities;

namespace JustRunIt.HostAgent.ControlGroups;

/// <summary>
/// Caps of CPU and memory on groups of processes (kernel documentation, cgroup-v1/ and cgroup-v2.rst). A cap is a quota of
/// CPU time a period, so idle time beyond it is never lent (§2.2.1). Shares are real cores of this host.
/// </summary>
internal interface IControlGroups
{
    /// <summary>Which version serves, for people.</summary>
    string Description { get; }

    /// <summary>Creates a group below the agent's, if it is not there.</summary>
    void Create(GroupPath path);

    /// <summary>Names of the groups below <paramref name="path"/>.</summary>
    IReadOnlyList<string> Children(GroupPath path);

    /// <summary>
    /// Caps the CPU time of all processes of the group together. The period is lengthened where the share needs it
    /// (<see cref="Quota.Of"/>).
    /// </summary>
    /// <exception cref="IOException">
    /// Version 1 refuses a group more than the one above it has, and less than one below it has; one below that was removed counts for
    /// a moment longer. Version 2 takes the least on the way down for what is in force, and refuses neither.
    /// </exception>
    void SetCpu(GroupPath path, CpuShare realCores, TimeSpan period);

    /// <summary>Takes the cap away: what is above the group limits it alone. No order of such writes is ever refused.</summary>
    void Uncap(GroupPath path);

    /// <summary>The cap as the kernel has it; null when there is none.</summary>
    CpuShare? ReadCpu(GroupPath path);

    /// <summary>Limits the memory of all processes of the group together.</summary>
    /// <exception cref="IOException">They use more already.</exception>
    void SetMemory(GroupPath path, MemorySize limit);

    /// <summary>The limit as the kernel has it; null when there is none.</summary>
    MemorySize? ReadMemory(GroupPath path);

    /// <summary>Whether processes can be pinned to cores here (cpuset controller).</summary>
    bool CanPin { get; }

    /// <summary>Cores that the agent's groups may use.</summary>
    IReadOnlyList<int> Cores { get; }

    /// <summary>Pins all processes of the group to cores; with an empty list, to none in particular.</summary>
    void SetCores(GroupPath path, IReadOnlyList<int> cores);

    /// <summary>The cores that the group is pinned to, as the kernel has it; null when it is not pinned.</summary>
    IReadOnlyList<int>? ReadCores(GroupPath path);

    /// <summary>Files to which a process writes its pid to enter the group.</summary>
    IReadOnlyList<string> EntryFiles(GroupPath path);

    /// <summary>Processes in the group, and in those that they made below it.</summary>
    IReadOnlyList<int> Processes(GroupPath path);

    /// <summary>Whether its processes have made groups below it, which cannot move with them.</summary>
    bool HasOwnGroups(GroupPath path);

    /// <summary>Moves every process to another group.</summary>
    void MoveProcesses(GroupPath from, GroupPath to);

    /// <summary>CPU time that the group has used since it was created.</summary>
    TimeSpan CpuTime(GroupPath path);

    /// <summary>Quota periods that have passed while the group wanted CPU time, and those in which its quota was used up.</summary>
    (long Periods, long Throttled) Throttling(GroupPath path);

    /// <summary>Removes a group without processes, with those below it. One that is gone is no error.</summary>
    /// <exception cref="IOException">It cannot be removed.</exception>
    void Remove(GroupPath path);
}
