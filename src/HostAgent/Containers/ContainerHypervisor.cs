using System.Collections.Concurrent;
using System.Globalization;
using JustRunIt.Events.Hosts;
using JustRunIt.HostAgent.Hypervisors;
using JustRunIt.HostAgent.Networks;
using JustRunIt.HostAgent.Processes;

namespace JustRunIt.HostAgent.Containers;

/// <summary>
/// Virtual machines that are containers: namespaces, control groups and an overlay of their own. A clone is made while the
/// original serves: CRIU freezes it, writes its memory to memory, a snapshot of its disk is taken before it goes on, and the
/// clone is restored from both behind a network of its own (docs/decisions/0015-live-cloning.md).
/// </summary>
internal sealed partial class ContainerHypervisor(HostParts parts, ContainerDisks disks, Criu criu) : Hypervisor(parts)
{
    private const int MaximumPreDumps = 3;
    private const long ImageOverhead = 256L << 20;
    private static readonly TimeSpan DumpPatience = TimeSpan.FromSeconds(60);

    private readonly ContainerNetworks networks = new(parts.Networks);
    private readonly NameLocks dumps = new();
    private readonly ConcurrentDictionary<string, Task> holders = new();
    private bool? tracksDirtyPages;

    /// <inheritdoc />
    public override string Name => "container";

    /// <inheritdoc />
    protected override async Task<RunningVm> BootAsync(StartVm command, CancellationToken cancellation)
    {
        var program = command.Program;
        int? network = null;
        try
        {
            network = await networks.CreateOnlineAsync(program.Listen, program.Next);
            await disks.CreateAsync(command.Vm);
            var root = await disks.MountAsync(command.Vm, ImageOf(program));
            var vm = new RunningVm(command.Vm, command.Machine, command, command.Cpu, command.Memory, program.Listen, 0, 0, null) { Network = network };
            var started = await InGroupAsync(
                vm,
                groups => ContainerLauncher.StartAsync(
                    command.Vm,
                    program,
                    ContainerNetworks.InnerListen(network.Value, program.Listen),
                    ContainerNetworks.InnerNext(network.Value, program.Next),
                    groups,
                    networks.OnlinePath(network.Value),
                    root,
                    disks.Written(command.Vm),
                    NewLog(command.Vm)),
                cancellation);
            await disks.UnmountAsync(command.Vm);
            return started;
        }
        catch
        {
            await disks.DeleteAsync(command.Vm);
            if (network is { } number)
                await Networks.DestroyAsync(number);
            throw;
        }
    }

    /// <inheritdoc />
    protected override async Task<Duplicate> DuplicateAsync(RunningVm original, CloneVm command, CancellationToken cancellation)
    {
        // One dump of an original at a time: a traced process cannot be traced twice.
        using var alone = await dumps.TakeAsync(original.Name, cancellation);
        StillHere(original);
        var (name, program) = (command.CloneName, original.Start.Program);
        int? network = null;
        try
        {
            Tell(name, "images");
            await disks.CreateImagesAsync(name, original.Memory.Bytes + ImageOverhead);
            Tell(name, "network");
            var prepared = PrepareImagesAsync(original, name, cancellation);
            try
            {
                network = await networks.CreateCloneAsync(original.Network!.Value, program.Listen, program.Next, command.Next);
            }
            finally
            {
                await prepared;
            }

            Tell(name, "dump");
            var (images, pause) = await DumpAsync(original, name, cancellation);
            Tell(name, "disk");
            var root = await disks.MountAsync(name, ImageOf(program));
            Tell(name, "restore");
            var clone = LiveClone(original, command, network.Value);
            var restored = await InGroupAsync(
                clone, groups => criu.RestoreAsync(images, images, root, networks.ClonePath(network.Value), original.Name, groups, moved: false, cancellation), cancellation);
            Tell(name, "tidy");
            var bytes = new DirectoryInfo(disks.Images(name)).EnumerateFiles("*", SearchOption.AllDirectories).Sum(file => file.Length);
            await disks.DeleteImagesAsync(name);
            await disks.UnmountAsync(name);
            return new Duplicate(restored, Cold: false, pause, bytes);
        }
        catch
        {
            await disks.DeleteImagesAsync(name);
            await disks.DeleteAsync(name);
            if (network is { } number)
                await Networks.DestroyAsync(number);
            throw;
        }
    }

    /// <inheritdoc />
    protected override async Task RemoveRestAsync(RunningVm vm)
    {
        // The program's last words outlive its disk.
        if (LogOf(vm.Name) is var log && log != base.LogOf(vm.Name))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(base.LogOf(vm.Name))!);
            File.Copy(log, base.LogOf(vm.Name), overwrite: true);
        }

        await disks.DeleteAsync(vm.Name);
        if (vm.Network is { } number)
            await Networks.DestroyAsync(number);
    }

    /// <inheritdoc />
    protected override string LogOf(string vm)
    {
        var inside = disks.Written(vm) + ContainerLauncher.Output;
        return File.Exists(inside) ? inside : base.LogOf(vm);
    }

    /// <summary>A dump that an earlier agent began has an original standing still: it goes on when the dump ends.</summary>
    protected override async Task SettleAsync(IReadOnlyList<RunningVm> adopted, CancellationToken cancellation)
    {
        var end = DateTime.UtcNow + DumpPatience;
        foreach (var name in await disks.ListAsync())
        {
            while (DateTime.UtcNow < end && Outliving.IsRunning(disks.Images(name)))
                await Task.Delay(20, cancellation);
        }
    }

    /// <inheritdoc />
    protected override async Task SweepAsync(IReadOnlyList<RunningVm> adopted)
    {
        var names = adopted.Select(vm => vm.Name).ToHashSet();
        foreach (var name in await disks.ListAsync())
        {
            await disks.DeleteImagesAsync(name);
            if (names.Contains(name))
                await disks.UnmountAsync(name);
            else
                await disks.DeleteAsync(name);
        }
    }

    private static string ImageOf(VmProgram program) => program.Image ?? "/";

    /// <summary>Memory and disk of one instant; the original stands still as briefly as the kernel allows.</summary>
    private async Task<(string Images, TimeSpan Pause)> DumpAsync(RunningVm original, string name, CancellationToken cancellation)
    {
        await disks.FlushAsync(original.Name);
        var images = disks.Images(name);
        (images, var previous) = await PreDumpAsync(original, images, cancellation);

        // What CRIU does inside the original runs under the original's cap, while it serves nobody.
        using var free = Free(original);
        return (images, await criu.DumpAsync(
            original.ProcessId,
            Groups.EntryFiles(GroupOf(original))[0],
            images,
            previous,
            disks.SnapshotLine(original.Name, name),
            cancellation));
    }

    /// <summary>Memory for the images of one that runs, as far as can be seen before.</summary>
    private Task PrepareImagesAsync(RunningVm vm, string name, CancellationToken cancellation) =>
        disks.PrepareImagesAsync(name, Groups.Processes(GroupOf(vm)).Sum(ProcessTable.ResidentBytes), cancellation);

    /// <summary>Where the kernel can tell what was written since: copies most of the memory while the original runs.</summary>
    /// <returns>Folder for the last images, and where those before are, seen from there; null for none.</returns>
    private async Task<(string Images, string? Previous)> PreDumpAsync(RunningVm original, string images, CancellationToken cancellation)
    {
        if (!(tracksDirtyPages ??= await criu.TracksDirtyPagesAsync()))
            return (images, null);
        string? previous = null;
        for (var round = 0; round < MaximumPreDumps; round++)
        {
            var folder = Directory.CreateDirectory(Path.Combine(images, string.Create(CultureInfo.InvariantCulture, $"{round}"))).FullName;
            await criu.PreDumpAsync(original.ProcessId, folder, previous, cancellation);
            previous = string.Create(CultureInfo.InvariantCulture, $"../{round}");
        }

        return (Directory.CreateDirectory(Path.Combine(images, "last")).FullName, previous);
    }
}
