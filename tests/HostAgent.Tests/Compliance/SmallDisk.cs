using System.Globalization;
using JustRunIt.HostAgent.Processes;

namespace JustRunIt.HostAgent.Tests.Compliance;

/// <summary>A small file system of its own that can be filled to the last byte.</summary>
internal sealed class SmallDisk : IAsyncDisposable
{
    private static readonly int[] Sizes = [1 << 20, 1 << 16, 1 << 12, 1500];
    private const string Filling = "filling";

    private readonly DirectoryInfo mount = Directory.CreateTempSubdirectory("small-");
    private readonly string? file;

    private SmallDisk(string? file) => this.file = file;

    /// <summary>Where it is mounted.</summary>
    public string Folder => mount.FullName;

    /// <summary>A file system in memory.</summary>
    public static async Task<SmallDisk> InMemoryAsync(int mebibytes)
    {
        var disk = new SmallDisk(null);
        await Tool.RunAsync("mount", "-t", "tmpfs", "-o", string.Create(
            CultureInfo.InvariantCulture, $"size={mebibytes}m"), "justrunit-small", disk.Folder);
        return disk;
    }

    /// <summary>A btrfs file system in a file.</summary>
    public static async Task<SmallDisk> OfBtrfsAsync(int mebibytes)
    {
        var disk = new SmallDisk(Path.GetTempFileName());
        await using (var image = File.OpenWrite(disk.file!))
            image.SetLength((long)mebibytes << 20);
        await Tool.RunAsync("mkfs.btrfs", "--quiet", "--force", disk.file!);
        await Tool.RunAsync("mount", "-t", "btrfs", "-o", "loop", disk.file!, disk.Folder);
        return disk;
    }

    /// <summary>Fills it: first what data may take, then, in files so small that they go with their names, the rest.</summary>
    public void Fill()
    {
        var folder = Directory.CreateDirectory(Path.Combine(Folder, Filling)).FullName;
        foreach (var size in Sizes)
        {
            try
            {
                for (var number = 0; ; number++)
                    Write(Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"{size}-{number}")), size);
            }
            catch (IOException)
            {
                // Full.
            }
        }
    }

    /// <summary>Makes room again.</summary>
    public void Empty() => Directory.Delete(Path.Combine(Folder, Filling), recursive: true);

    public async ValueTask DisposeAsync()
    {
        await Tool.RunAsync("umount", mount.FullName);
        mount.Delete();
        if (file is not null)
            File.Delete(file);
    }

    /// <summary>With its bytes on the disk, not only promised to be.</summary>
    private static void Write(string name, int size)
    {
        using var stream = new FileStream(name, FileMode.Create, FileAccess.Write, FileShare.None, 0);
        stream.Write(new byte[size]);
        stream.Flush(flushToDisk: true);
    }
}
