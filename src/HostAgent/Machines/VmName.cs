using JustRunIt.Events.Naming;

namespace JustRunIt.HostAgent.Machines;

/// <summary>
/// Names of virtual machines and clones, which become names of directories, files and control groups: data with a grammar
/// (<see cref="Name"/>), never a path. Checked once more where something is made under one, whoever asked for it.
/// </summary>
internal static class VmName
{
    /// <summary>Refuses what is no name.</summary>
    /// <exception cref="HostException">It is none.</exception>
    public static void Check(string name)
    {
        if (Name.Problem("name", name) is { } problem)
            throw new HostException(problem);
    }
}
