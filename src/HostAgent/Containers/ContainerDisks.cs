using System.Globalization;
using JustRunIt.Events.Naming;
using JustRunIt.HostAgent.Configuration;
using JustRunIt.HostAgent.Machines;
using JustRunIt.HostAgent.Processes;
using JustRunIt.Hosting.Files;

namespace JustRunIt.HostAgent.Containers;

/// <summary>
/// What containers write: a btrfs subvolume each, the upper layer of an overlay over an image folder, or over the host's own
/// root. A snapshot of it takes the same few milliseconds whatever its size. Where the state folder is not on btrfs, the
/// subvolumes are in a file of its own that is mounted as one.
/// </summary>
internal sealed class ContainerDisks(AgentSettings settings)
{
    private const long PoolBytes = 16L << 30;
    private const string Upper = "upper";

    // No name of a virtual machine has a tilde.
    private const string SnapshotMark = "~move";

    private readonly string folder = Path.Combine(settings.StateFolder, "containers");
    private readonly SemaphoreSlim gate = new(1);

    /// <summary>Where images of CRIU go: memory, for as long as a clone is being made.</summary>
    public string Images(string name) => Path.Combine(folder, "images", name);

    /// <summary>Where a container's root is mounted while it is being made.</summary>
    public string Root(string name) => Path.Combine(folder, "roots", name);

    /// <summary>What a container has written over its image.</summary>
    public string Written(string name) => Path.Combine(Disk(name), Upper);

    private string Pool => Path.Combine(folder, "pool");

    private string PoolFile => Path.Combine(folder, "pool.img");

    /// <summary>Makes sure that disks can be made.</summary>
    public async Task PrepareAsync()
    {
        await gate.WaitAsync();
        try
        {
            await MountPoolAsync();
        }
        finally
        {
            gate.Release();
        }
    }

    /// <summary>Makes an empty disk.</summary>
    public async Task CreateAsync(string name)
    {
        await PrepareAsync();
        await Tool.RunAsync("btrfs", ["subvolume", "create", Disk(name)]);
        OwnerOnly.OwnFolder(Disk(name));
        OwnerOnly.OwnFolder(Path.Combine(Disk(name), "work"));
        // The container's own root, which programs in there enter under users of their own; from outside nobody comes so far.
        OwnerOnly.FolderForAll(Written(name));
    }

    /// <summary>Writes what is in memory of a disk's files, so that its snapshot has little left to write.</summary>
    public Task FlushAsync(string name) => Tool.RunAsync("btrfs", ["filesystem", "sync", Disk(name)]);

    /// <summary>The subvolume of a disk.</summary>
    public string Disk(string name) => Path.Combine(Pool, name);

    /// <summary>A snapshot of a disk that is to be sent: <paramref name="round"/> 0 while it is written to, 1 of the instant.</summary>
    public string Snapshot(string name, int round) =>
        Path.Combine(Pool, string.Create(CultureInfo.InvariantCulture, $"{name}{SnapshotMark}{round}"));

    /// <summary>Whose a disk or snapshot is.</summary>
    public static string NameOf(string disk) => disk.Split(SnapshotMark)[0];

    /// <summary>Takes the first snapshot.</summary>
    public async Task SnapshotAsync(string name)
    {
        await FlushAsync(name);
        await Tool.RunAsync("btrfs", ["subvolume", "snapshot", "-r", Disk(name), Snapshot(name, 0)]);
    }

    /// <summary>Copies a snapshot of another agent's: whole, or what it has more than the one before.</summary>
    public Task ReceiveAsync(string name, string snapshot, string? before)
    {
        const string script = "receive-snapshot.sh";
        string[] arguments = before is null ? [snapshot, Pool] : [snapshot, Pool, before];
        return DetachedProgram.RunAsync(
            Images(name),
            ["sh", "-c", EmbeddedScript.Read(script), script, .. arguments],
            line => line.Length > 0,
            CancellationToken.None);
    }

    /// <summary>Makes the snapshot that was received last the disk of a container of this agent's.</summary>
    public async Task TakeUpAsync(string name)
    {
        await Tool.RunAsync("btrfs", ["subvolume", "snapshot", Snapshot(name, 1), Disk(name)]);
        await DeleteSnapshotsAsync(name);
    }

    /// <summary>Removes snapshots that were made for a move. What is gone is no error.</summary>
    public async Task DeleteSnapshotsAsync(string name)
    {
        foreach (var snapshot in new[] { Snapshot(name, 1), Snapshot(name, 0) }.Where(Directory.Exists))
            await Tool.RunAsync("btrfs", ["subvolume", "delete", snapshot]);
    }

    /// <summary>Mounts a disk over its image; returns where.</summary>
    public async Task<string> MountAsync(string name, string image)
    {
        // A comma ends an option of a mount, and a colon a layer (kernel documentation, filesystems/overlayfs).
        if (image is not ['/', ..] || image.Any(c => c is ',' or ':' or '\\' or '"' || char.IsControl(c)))
        {
            throw new HostException(
                $"image: '{Name.Shown(image)}'; allowed is an absolute path without commas, colons, backslashes and quotation marks");
        }

        var root = Root(name);
        OwnerOnly.Folder(root);
        var layers = $"lowerdir={image},upperdir={Written(name)},workdir={Path.Combine(Disk(name), "work")}";
        await Tool.RunAsync("mount", ["-t", "overlay", $"justrunit-{name}", "-o", layers, root]);
        return root;
    }

    /// <summary>Takes a root out of the host's view; its container keeps it.</summary>
    public async Task UnmountAsync(string name)
    {
        await Tool.TryAsync("umount", $"--lazy {Root(name)}");
        Delete(Root(name));
    }

    /// <summary>Makes a folder in memory for images.</summary>
    /// <param name="name">Of the clone.</param>
    /// <param name="limitBytes">More is refused.</param>
    public async Task CreateImagesAsync(string name, long limitBytes)
    {
        var images = Images(name);
        OwnerOnly.OwnFolder(images);
        var size = limitBytes.ToString(CultureInfo.InvariantCulture);
        // Large files in huge pages where the kernel has them for files, of which fewer must be found while the original stands still;
        // a hundred small ones would each have a whole one cleared.
        try
        {
            await Tool.RunAsync("mount", ["-t", "tmpfs", "-o", $"size={size},mode=700,huge=within_size", "justrunit-images", images]);
        }
        catch (HostException)
        {
            await Tool.RunAsync("mount", ["-t", "tmpfs", "-o", $"size={size},mode=700", "justrunit-images", images]);
        }
    }

    /// <summary>
    /// Takes as much memory as images will need and gives it back. Memory that a machine never used may cost several milliseconds a
    /// megabyte the first time, above all where the machine is itself a virtual one: not while the original stands still.
    /// </summary>
    public async Task PrepareImagesAsync(string name, long bytes, CancellationToken cancellation)
    {
        var path = Path.Combine(Images(name), "prepared");
        var zeros = new byte[1 << 20];
        try
        {
            await using var file = OwnerOnly.Open(path, FileMode.Create, share: FileShare.None, bufferSize: 0);
            for (var written = 0L; written < bytes; written += zeros.Length)
                await file.WriteAsync(zeros, cancellation);
        }
        catch (IOException)
        {
            // There is less memory than that: whether it is enough, the images themselves will tell.
        }
        finally
        {
            File.Delete(path);
        }
    }

    /// <summary>Removes images. What is gone is no error.</summary>
    public async Task DeleteImagesAsync(string name)
    {
        await Tool.TryAsync("umount", $"--lazy {Images(name)}");
        Delete(Images(name));
    }

    /// <summary>Removes a container's disk and mounts, and the file that all disks are in once it is empty.</summary>
    public async Task DeleteAsync(string name)
    {
        await UnmountAsync(name);
        await gate.WaitAsync();
        try
        {
            if (Directory.Exists(Disk(name)))
                await Tool.RunAsync("btrfs", ["subvolume", "delete", Disk(name)]);
            await DeleteEmptyPoolAsync();
        }
        finally
        {
            gate.Release();
        }
    }

    /// <summary>Removes the file that all disks are in when it is empty: an agent may have been killed after the last one went.</summary>
    public async Task DeletePoolAsync()
    {
        await gate.WaitAsync();
        try
        {
            await DeleteEmptyPoolAsync();
        }
        finally
        {
            gate.Release();
        }
    }

    /// <summary>Names of everything that is there: disks, roots, images.</summary>
    public async Task<IReadOnlyList<string>> ListAsync()
    {
        if (File.Exists(PoolFile))
            await MountPoolAsync();
        return
        [
            .. new[] { Pool, Path.Combine(folder, "roots"), Path.Combine(folder, "images") }
                .Where(Directory.Exists)
                .SelectMany(Directory.GetDirectories)
                .Select(path => Path.GetFileName(path)!)
                .Distinct(),
        ];
    }

    private static void Delete(string empty)
    {
        if (Directory.Exists(empty))
            Directory.Delete(empty);
    }

    private async Task MountPoolAsync()
    {
        OwnerOnly.OwnFolder(Pool);
        if (await FileSystemAsync(Pool) == "btrfs")
            return;
        if (!File.Exists(PoolFile))
        {
            var next = PoolFile + ".next";
            await using (var file = OwnerOnly.Open(next, FileMode.Create))
                file.SetLength(PoolBytes);
            await Tool.RunAsync("mkfs.btrfs", ["--quiet", "--force", next]);
            File.Move(next, PoolFile);
        }

        await Tool.RunAsync("mount", ["-t", "btrfs", "-o", "loop,noatime,user_subvol_rm_allowed", PoolFile, Pool]);
        OwnerOnly.Tighten(Pool);
    }

    private async Task DeleteEmptyPoolAsync()
    {
        if (!Directory.Exists(Pool) || Directory.EnumerateFileSystemEntries(Pool).Any())
            return;
        if (File.Exists(PoolFile))
        {
            await Tool.RunAsync("umount", ["--lazy", Pool]);
            File.Delete(PoolFile);
        }

        Delete(Pool);
    }

    private static async Task<string> FileSystemAsync(string path) =>
        (await Tool.RunAsync("stat", ["--file-system", "--format=%T", path])).Trim();
}
