using System.Globalization;
using JustRunIt.Events.Hosts;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Quantities;
using JustRunIt.HostAgent.BackEnds;
using JustRunIt.HostAgent.Bus;
using JustRunIt.HostAgent.Machines;
using JustRunIt.HostAgent.Networks;
using JustRunIt.HostAgent.Processes;
using JustRunIt.Hosting.Files;

namespace JustRunIt.HostAgent.Containers;

/// <summary>
/// Virtual machines that are containers: namespaces, control groups and an overlay of their own. A clone is made while the
/// original serves: CRIU freezes it, writes its memory to memory, a snapshot of its disk is taken before it goes on, and the
/// clone is restored from both behind a network of its own (docs/decisions/0015-live-cloning.md).
/// </summary>
internal sealed class ContainerBackEnd : IBackEnd
{
    /// <summary>Its name in the agent's file.</summary>
    public const string BackEndName = "container";

    private static readonly TimeSpan DumpPatience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan DumpInterval = TimeSpan.FromMilliseconds(20);

    private readonly BackEndContext context;
    private readonly ContainerDisks disks;
    private readonly Criu criu;
    private readonly ContainerNetworks networks;
    private readonly ContainerDumps dumps;
    private readonly ContainerMover mover;

    public ContainerBackEnd(BackEndContext context, ContainerDisks disks, Criu criu)
    {
        (this.context, this.disks, this.criu) = (context, disks, criu);
        networks = new ContainerNetworks(context.Networks);
        dumps = new ContainerDumps(context, disks, criu);
        mover = new ContainerMover(context, disks, criu, networks, dumps);
    }

    /// <inheritdoc />
    public string Name => BackEndName;

    /// <inheritdoc />
    public IMover? Mover => mover;

    /// <inheritdoc />
    public bool HasOwnNetwork => true;

    /// <inheritdoc />
    public async Task<RunningVm> BootAsync(StartVm command, CancellationToken cancellation)
    {
        var program = context.Secrets.Reveal(command.Program);
        int? network = null;
        try
        {
            var (listen, next) = await NetworkAddress.OfAsync(program);
            network = await networks.CreateOnlineAsync(listen, next);
            await disks.CreateAsync(command.Vm);
            var root = await disks.MountAsync(command.Vm, ImageOf(program));
            var vm = Allocations.NewVm(command) with { Network = network };
            var started = await context.Groups.FillAsync(
                vm,
                GroupMemory(vm),
                groups => ContainerLauncher.StartAsync(
                    command.Vm,
                    program,
                    ContainerNetworks.InnerListen(network.Value, listen),
                    ContainerNetworks.InnerNext(network.Value, next),
                    groups,
                    networks.OnlinePath(network.Value),
                    root,
                    disks.Written(command.Vm),
                    context.Logs.New(command.Vm)),
                cancellation);
            await disks.UnmountAsync(command.Vm);
            return started;
        }
        catch
        {
            await disks.DeleteAsync(command.Vm);
            if (network is { } number)
                await context.Networks.DestroyAsync(number);
            throw;
        }
    }

    /// <inheritdoc />
    public async Task<Duplicate> DuplicateAsync(RunningVm original, CloneVm command, CancellationToken cancellation)
    {
        using var alone = await dumps.AloneAsync(original, cancellation);
        Expiry.Check(command, context.Parts.Clock);
        using var log = context.Logs.Hold(original.Name);
        context.Running.StillHere(original);
        var (name, program) = (command.CloneName, original.Start.Program);
        var (listen, onlineNext) = await NetworkAddress.OfAsync(program);
        var outProxy = await NetworkAddress.ReadAsync("next", command.Next);
        int? network = null;
        try
        {
            context.Tell(name, "images");
            await dumps.CreateImagesAsync(original, name);
            context.Tell(name, "network");
            var prepared = dumps.PrepareImagesAsync(original, name, cancellation);
            try
            {
                network = await networks.CreateCloneAsync(original.Network!.Value, listen, onlineNext, outProxy);
            }
            finally
            {
                await prepared;
            }

            context.Tell(name, "dump");
            var (images, pause) = await dumps.DumpAsync(original, name, cancellation);
            context.Tell(name, "disk");
            var root = await disks.MountAsync(name, ImageOf(program));
            context.Tell(name, "restore");
            var clone = BackEndContext.LiveClone(original, command, network.Value);
            var inside = networks.ClonePath(network.Value);
            var restored = await context.Groups.FillAsync(
                clone,
                GroupMemory(clone),
                groups => criu.RestoreAsync(images, images, root, inside, original.Name, groups, moved: false, cancellation),
                cancellation);
            context.Tell(name, "tidy");
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
                await context.Networks.DestroyAsync(number);
            throw;
        }
    }

    /// <inheritdoc />
    public MemorySize GroupMemory(RunningVm vm) => vm.Memory;

    /// <inheritdoc />
    public Task<MemorySize> SetMemoryAsync(
        RunningVm vm, MemorySize limit, CancellationToken cancellation, IAnsweredCommand? command = null) =>
        Task.FromResult(context.Groups.LimitMemory(vm, limit));

    /// <summary>
    /// Without an image it finds there what the host has. With one, whoever could write to the image would choose all of it.
    /// </summary>
    public void CheckFolder(VmProgram program)
    {
        if (program.Image is { } image)
            WorkingFolder.CheckImage(image);
        else
            WorkingFolder.Check(program.WorkingDirectory);
    }

    /// <summary>Through its own mounts: beneath an overlay that is mounted nothing may be changed.</summary>
    public string LogOf(string vm, int? process) => process is { } inside
        ? string.Create(CultureInfo.InvariantCulture, $"/proc/{inside}/root{ContainerLauncher.Output}")
        : Written(vm);

    /// <inheritdoc />
    public string LastWords(string vm) => Launcher.LastWords(Written(vm));

    /// <inheritdoc />
    public async Task RemoveRestAsync(RunningVm vm)
    {
        // The program's last words outlive its disk, where there is room for them.
        if (Written(vm.Name) is var log && log != context.Logs.Of(vm.Name))
        {
            try
            {
                context.Logs.Save(vm.Name, log);
            }
            catch (Exception e) when (HostException.IsOfTheSystem(e))
            {
                // What is full must not keep anything from being removed.
            }
        }

        await disks.DeleteAsync(vm.Name);
        if (vm.Network is { } number)
            await context.Networks.DestroyAsync(number);
    }

    /// <summary>A dump that an earlier agent began has an original standing still: it goes on when the dump ends.</summary>
    public async Task SettleAsync(CancellationToken cancellation)
    {
        var end = context.Parts.Clock.GetUtcNow() + DumpPatience;
        foreach (var name in await disks.ListAsync())
        {
            while (context.Parts.Clock.GetUtcNow() < end && DetachedProgram.IsRunning(disks.Images(name)))
                await Task.Delay(DumpInterval, cancellation);
        }
    }

    /// <inheritdoc />
    public Task ResumeAsync(RunningVm vm, CancellationToken cancellation) => mover.GoOnAsync(vm);

    /// <inheritdoc />
    public async Task RemoveRestAsync(string name)
    {
        await disks.DeleteImagesAsync(name);
        await disks.DeleteAsync(name);
    }

    /// <inheritdoc />
    public async Task SweepAsync(IReadOnlyList<RunningVm> adopted, IReadOnlySet<string> untouched, Troubles troubles)
    {
        var names = adopted.Select(vm => vm.Name).ToHashSet();
        foreach (var name in (await disks.ListAsync()).Where(name => !untouched.Contains(ContainerDisks.NameOf(name))))
        {
            await troubles.TryAsync($"disk {name}", async () =>
            {
                await disks.DeleteImagesAsync(name);
                if (names.Contains(name))
                    await disks.UnmountAsync(name);
                else
                    await disks.DeleteAsync(name);
            });
        }

        await troubles.TryAsync("disks", disks.DeletePoolAsync);
    }

    /// <summary>What a container's root is an overlay over.</summary>
    internal static string ImageOf(VmProgram program) => program.Image ?? "/";

    private string Written(string vm)
    {
        var inside = disks.Written(vm) + ContainerLauncher.Output;
        return File.Exists(inside) ? inside : context.Logs.Of(vm);
    }
}
