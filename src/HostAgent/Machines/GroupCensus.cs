using JustRunIt.HostAgent.ControlGroups;
using JustRunIt.HostAgent.Processes;

namespace JustRunIt.HostAgent.Machines;

/// <summary>
/// The kernel's own truth at the start: which groups there are below the agent's, and which processes are in them, on machines that the
/// agent's file no longer names too.
/// </summary>
internal sealed class GroupCensus
{
    private readonly Dictionary<GroupPath, IReadOnlyList<int>> groups = [];

    private GroupCensus()
    {
    }

    /// <summary>All groups of servers, of the same name on several machines too.</summary>
    public IReadOnlyCollection<GroupPath> Groups => groups.Keys;

    /// <summary>Takes it. A group that cannot be read is told, and counts as one that has a process.</summary>
    public static GroupCensus Take(IControlGroups kernel, Troubles troubles)
    {
        var census = new GroupCensus();
        IReadOnlyList<string> machines = [];
        troubles.Try("control groups", () => machines = kernel.Children(GroupPath.Root));
        foreach (var machine in machines)
        {
            IReadOnlyList<string> names = [];
            troubles.Try($"machine {machine}", () => names = kernel.Children(GroupPath.Of(machine)));
            foreach (var group in names.Select(name => GroupPath.Of(machine, name)))
            {
                // One that is ending is in its group until the kernel has buried it.
                if (!troubles.Try(
                    $"group {machine}/{group.Vm}",
                    () => census.groups[group] = [.. kernel.Processes(group).Where(one => ProcessTable.StartOf(one) is not null)]))
                    census.groups[group] = [0];
            }
        }

        return census;
    }

    /// <summary>Groups of that name.</summary>
    public IReadOnlyList<GroupPath> Named(string vm) => [.. groups.Keys.Where(group => group.Vm == vm)];

    /// <summary>Processes of a group; none of one that is not there.</summary>
    public IReadOnlyList<int> Processes(GroupPath group) => groups.GetValueOrDefault(group, []);

    /// <summary>Whether any group of that name has processes.</summary>
    public bool HasProcesses(string vm) => Named(vm).Any(group => groups[group].Count > 0);
}
