using System.Globalization;
using JustRunIt.HostAgent.BackEnds;
using JustRunIt.HostAgent.Machines;
using JustRunIt.HostAgent.Processes;
using JustRunIt.Hosting.Files;

namespace JustRunIt.HostAgent.Containers;

/// <summary>Writes down what runs in a container, while it runs or stands still as briefly as the kernel allows.</summary>
internal sealed class ContainerDumps(BackEndContext context, ContainerDisks disks, Criu criu)
{
    private const int MaximumPreDumps = 3;
    private const long ImageOverhead = 256L << 20;

    private readonly NameLocks originals = new();
    private bool? tracksDirtyPages;

    /// <summary>One dump of an original at a time: a traced process cannot be traced twice.</summary>
    public Task<IDisposable> AloneAsync(RunningVm original, CancellationToken cancellation) =>
        originals.TakeAsync(original.Name, cancellation);

    /// <summary>Makes a folder for the images of one, which are called after <paramref name="name"/>.</summary>
    public Task CreateImagesAsync(RunningVm vm, string name) => disks.CreateImagesAsync(name, vm.Memory.Bytes + ImageOverhead);

    /// <summary>Memory for the images of one that runs, as far as can be seen before.</summary>
    public Task PrepareImagesAsync(RunningVm vm, string name, CancellationToken cancellation) =>
        disks.PrepareImagesAsync(name, context.Groups.Processes(vm).Sum(ProcessTable.ResidentBytes), cancellation);

    /// <summary>Memory and disk of one instant; the original stands still as briefly as the kernel allows.</summary>
    /// <returns>Where the images are, and how long it stood still.</returns>
    public async Task<(string Images, TimeSpan Pause)> DumpAsync(RunningVm original, string name, CancellationToken cancellation)
    {
        await disks.FlushAsync(original.Name);
        var (images, previous) = await PreDumpAsync(original, name, cancellation);

        // What CRIU does inside the original runs under the original's cap, while it serves nobody.
        await using var lifted = await context.Lift.LiftAsync(original, LiftTo.Host);
        return (images, await criu.DumpAsync(
            original.ProcessId,
            context.Groups.EntryFiles(original)[0],
            images,
            previous,
            (disks.Disk(original.Name), disks.Disk(name)),
            cancellation));
    }

    /// <summary>Where the kernel can tell what was written since: copies most of the memory while the original runs.</summary>
    /// <returns>Folder for the last images, and where those before are, seen from there; null for none.</returns>
    public async Task<(string Images, string? Previous)> PreDumpAsync(RunningVm original, string name, CancellationToken cancellation)
    {
        var images = disks.Images(name);
        if (!(tracksDirtyPages ??= await criu.TracksDirtyPagesAsync()))
            return (images, null);
        string? previous = null;
        for (var round = 0; round < MaximumPreDumps; round++)
        {
            var folder = Path.Combine(images, string.Create(CultureInfo.InvariantCulture, $"{round}"));
            OwnerOnly.OwnFolder(folder);
            await criu.PreDumpAsync(original.ProcessId, folder, previous, cancellation);
            previous = string.Create(CultureInfo.InvariantCulture, $"../{round}");
        }

        return (OwnerOnly.OwnFolder(Path.Combine(images, "last")), previous);
    }
}
