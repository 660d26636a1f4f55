using System.Diagnostics;

namespace JustRunIt.Demo;

/// <summary>The folder that a demonstration writes to.</summary>
internal static class DemoFolder
{
    private const string Agent = "host-agent";

    /// <summary>
    /// Makes it empty, but for what the host agent of an earlier demonstration left that was killed: disks of containers, mounted
    /// there. The agent removes them when it starts and is not told of anything that runs.
    /// </summary>
    public static void Renew(string folder)
    {
        if (!Directory.Exists(folder))
            return;
        foreach (var entry in new DirectoryInfo(folder).EnumerateFileSystemInfos().Where(entry => entry.Name != Agent))
            Delete(entry);
        var agent = new DirectoryInfo(Path.Combine(folder, Agent));
        var mounts = DemoBackEnd.MountsBelow(folder);
        foreach (var entry in agent.Exists ? agent.EnumerateFileSystemInfos() : [])
        {
            if (!mounts.Any(mount => mount.StartsWith(entry.FullName, StringComparison.Ordinal)))
                Delete(entry);
        }
    }

    /// <summary>Removes disks of containers that were left: for an agent that has no containers, and so does not know of them.</summary>
    public static async Task RemoveDisksAsync(string folder)
    {
        var mounts = DemoBackEnd.MountsBelow(folder);
        foreach (var mount in mounts)
        {
            using var unmount = Process.Start("umount", ["--lazy", mount]);
            await unmount.WaitForExitAsync();
        }

        if (mounts.Count > 0)
            Directory.Delete(Path.Combine(folder, Agent, "containers"), recursive: true);
    }

    private static void Delete(FileSystemInfo entry)
    {
        if (entry is DirectoryInfo directory)
            directory.Delete(recursive: true);
        else
            entry.Delete();
    }
}
