using JustRunIt.Client.Supervision;

namespace JustRunIt.Demo;

/// <summary>Which back end the demonstration asks its host agent for.</summary>
internal static class DemoBackEnd
{
    /// <summary>Leaves the choice to the agent: containers, whose clones are live, where they work here, else processes.</summary>
    public const string Automatic = "auto";

    /// <summary>What may be asked for. Virtual machines need an image of a system, which the demonstration has not.</summary>
    public static readonly IReadOnlyList<string> Names = [Automatic, "container", "process"];

    /// <summary>
    /// Why containers cannot run the demonstration's programs though they work here; null when they can. Their image is the
    /// root file system of this machine, without what is mounted below it.
    /// </summary>
    public static string? WhyNotContainers()
    {
        var program = Environment.ProcessPath!;
        var runtime = new FileInfo(program).ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? program;
        foreach (var path in new[] { Programs.Home, runtime })
        {
            if (MountPointOf(path) is { } mount)
                return $"{path} is on a file system of its own ({mount}),"
                    + " which a container whose image is the root file system does not see";
        }

        return null;
    }

    /// <summary>What is mounted below a folder, innermost first.</summary>
    public static IReadOnlyList<string> MountsBelow(string folder) =>
    [
        .. MountPoints()
            .Where(mount => mount.StartsWith(folder + "/", StringComparison.Ordinal))
            .OrderByDescending(mount => mount.Length),
    ];

    /// <summary>The mount point below the root that a path is under; null when it is on the root file system.</summary>
    private static string? MountPointOf(string path) => MountPoints()
        .Where(mount => mount != "/" && $"{path}/".StartsWith(mount + "/", StringComparison.Ordinal))
        .MaxBy(mount => mount.Length);

    /// <summary>Second field of proc(5)'s list of mounts, in which blanks are octal.</summary>
    private static IEnumerable<string> MountPoints() =>
        File.ReadLines("/proc/self/mounts").Select(line => line.Split(' ')[1].Replace(@"\040", " ", StringComparison.Ordinal));
}
