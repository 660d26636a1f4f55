using System.Text.Json.Nodes;
using JustRunIt.Events.Hosts;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Quantities;
using JustRunIt.HostAgent.BackEnds;
using JustRunIt.HostAgent.Bus;
using JustRunIt.HostAgent.Machines;
using JustRunIt.HostAgent.Networks;

namespace JustRunIt.HostAgent.VirtualMachines;

/// <summary>
/// Virtual machines of QEMU. A clone is made by pre-copy migration to a second QEMU, at whose end both run (§2.2.1); their disks
/// part at the same instant (docs/decisions/0020-virtual-machines.md).
/// </summary>
internal sealed class VmBackEnd : IBackEnd
{
    private static readonly TimeSpan BalloonPatience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan BalloonInterval = TimeSpan.FromMilliseconds(20);

    private readonly BackEndContext context;
    private readonly Accelerator accelerator;
    private readonly TapNetworks networks;
    private readonly VmDisks disks;
    private readonly QemuGuests guests;

    public VmBackEnd(BackEndContext context, Accelerator accelerator)
    {
        (this.context, this.accelerator) = (context, accelerator);
        networks = new TapNetworks(context.Networks);
        disks = new VmDisks(context.Settings);
        guests = new QemuGuests(context, accelerator, networks, disks);
        Mover = new VmMover(context, Name, accelerator, networks, disks, guests);
    }

    /// <inheritdoc />
    public string Name =>
        accelerator.IsHardware ? VmBackEndKind.BackEndName : $"{VmBackEndKind.BackEndName} ({accelerator.Name})";

    /// <inheritdoc />
    public IMover? Mover { get; }

    /// <inheritdoc />
    public bool HasOwnNetwork => true;

    /// <inheritdoc />
    public async Task<RunningVm> BootAsync(StartVm command, CancellationToken cancellation)
    {
        var guest = Guest.Of(context.Secrets.Reveal(command.Program));
        int? network = null;
        try
        {
            var (listen, next) = await NetworkAddress.OfAsync(command.Program);
            network = await networks.CreateOnlineAsync(listen, next);
            (string File, string Node)? disk = guest.Disk is { } image ? await disks.CreateAsync(command.Vm, image) : null;
            var vm = Allocations.NewVm(command) with
            {
                Network = network,
                Details = guests.DetailsOf(command.Machine, network.Value),
            };
            return await guests.LaunchAsync(vm, guest, disk, incoming: false, cancellation);
        }
        catch
        {
            await guests.RemoveRestAsync(command.Vm, network);
            throw;
        }
    }

    /// <inheritdoc />
    public async Task<Duplicate> DuplicateAsync(RunningVm original, CloneVm command, CancellationToken cancellation)
    {
        try
        {
            return await CopyAsync(original, command, cancellation);
        }
        catch
        {
            await guests.MergeAsync(original);
            throw;
        }
    }

    /// <summary>A guest's folder is its own, and nothing that the host has.</summary>
    public void CheckFolder(VmProgram program)
    {
    }

    /// <inheritdoc />
    public string LogOf(string vm, int? process) => context.Logs.Of(vm);

    /// <inheritdoc />
    public string LastWords(string vm) => guests.LastWords(vm);

    /// <inheritdoc />
    public MemorySize GroupMemory(RunningVm vm) => QemuCommand.MemoryOf(Allocations.MemoryOf(vm.Start));

    /// <summary>The guest's own memory: its balloon takes what it may not use (virtio specification, §5.5).</summary>
    public async Task<MemorySize> SetMemoryAsync(
        RunningVm vm, MemorySize limit, CancellationToken cancellation, IAnsweredCommand? command = null)
    {
        var booted = Allocations.MemoryOf(vm.Start);
        if (limit > booted)
            throw new HostException($"memory: {limit} for {vm.Name} is more than the {booted} that it was booted with");
        using var alone = await guests.AloneAsync(vm.Name, cancellation);
        Expiry.Check(command, context.Parts.Clock);
        await using var qemu = await guests.OpenAsync(vm, cancellation);
        await qemu.ExecuteAsync("balloon", new JsonObject { ["value"] = limit.Bytes }, cancellation);
        var begin = context.Parts.Clock.GetTimestamp();
        while (true)
        {
            var told = await qemu.ExecuteAsync("query-balloon", null, cancellation);
            var actual = new MemorySize(told.GetProperty("actual").GetInt64());
            if (actual == limit)
                return actual;
            if (context.Parts.Clock.GetElapsedTime(begin) > BalloonPatience)
            {
                await qemu.ExecuteAsync("balloon", new JsonObject { ["value"] = vm.Memory.Bytes }, cancellation);
                throw new HostException(
                    $"memory: the guest of {vm.Name} gives up no more than down to {actual}; {limit} is too little for it, "
                    + "or it has no virtio balloon");
            }

            await Task.Delay(BalloonInterval, cancellation);
        }
    }

    /// <inheritdoc />
    public async Task RemoveRestAsync(RunningVm vm)
    {
        await guests.RemoveRestAsync(vm.Name, vm.Network);
        // One that was never finished is merged by whoever gave it up, who has the original's monitor.
        if (vm.Origin is { Result: not null, Command.Vm: var name } && context.Running.Find(name) is { } original)
            await guests.MergeAsync(original);
    }

    /// <inheritdoc />
    public Task SettleAsync(CancellationToken cancellation) => Task.CompletedTask;

    /// <summary>A copy that an earlier agent began may have its original standing still: it goes on, and the copy is given up.</summary>
    public async Task ResumeAsync(RunningVm vm, CancellationToken cancellation)
    {
        await using var qemu = await guests.OpenAsync(vm, cancellation);
        await LiveCopy.ResumeAsync(qemu);
    }

    /// <inheritdoc />
    public async Task SweepAsync(IReadOnlyList<RunningVm> adopted, IReadOnlySet<string> untouched, Troubles troubles)
    {
        foreach (var vm in adopted)
            await troubles.TryAsync(vm.Name, () => guests.MergeAsync(vm));
        foreach (var problem in disks.DeleteAllBut(adopted.Select(vm => vm.Name).ToHashSet(), untouched))
            troubles.Tell("disks", problem);
    }

    /// <inheritdoc />
    public Task RemoveRestAsync(string name)
    {
        disks.Delete(name);
        return Task.CompletedTask;
    }

    private async Task<Duplicate> CopyAsync(RunningVm original, CloneVm command, CancellationToken cancellation)
    {
        // One copy of an original at a time.
        using var alone = await guests.AloneAsync(original.Name, cancellation);
        Expiry.Check(command, context.Parts.Clock);
        context.Running.StillHere(original);
        var (name, program) = (command.CloneName, original.Start.Program);
        int? network = null;
        RunningVm? clone = null;
        try
        {
            context.Tell(name, "network");
            var (listen, next) = await NetworkAddress.OfAsync(program);
            network = await networks.CreateCloneAsync(
                QemuGuests.InnerOf(original), listen, next, await NetworkAddress.ReadAsync("next", command.Next));
            await using var source = await guests.OpenAsync(original, cancellation);
            (string File, string Node)? below = await VmDisks.TopAsync(source, cancellation);
            (string File, string Node)? copysDisk = null, nextDisk = null;
            if (below is { } top)
            {
                copysDisk = await disks.CreateAsync(name, top.File);
                nextDisk = await disks.CreateAsync(original.Name, top.File);
                await VmDisks.OpenAsync(source, nextDisk.Value.File, nextDisk.Value.Node, cancellation);
            }

            context.Tell(name, "start");
            clone = BackEndContext.LiveClone(original, command, network.Value);
            // Its network is new, whatever the original's tap device is called by now.
            clone = clone with { Details = TapNetworks.WithFirstTap(clone) };
            clone = await guests.LaunchAsync(clone, Guest.Of(program), copysDisk, incoming: true, cancellation);
            await using var target = await guests.OpenAsync(clone, cancellation);
            var uri = $"unix:{disks.Incoming(name)}";
            await LiveCopy.ReceiveAsync(target, uri, cancellation);
            context.Tell(name, "copy");
            // It runs on meanwhile: it may not have more than its machine.
            await using var lifted = await context.Lift.LiftAsync(original, LiftTo.Machine);
            var copied = await LiveCopy.SendAsync(
                source,
                uri,
                pause =>
                {
                    context.Tell(name, "pause");
                    return below is { } closed
                        ? VmDisks.SnapshotAsync(source, closed.Node, nextDisk!.Value.Node, pause)
                        : Task.CompletedTask;
                },
                goesOn: true,
                cancellation,
                // A clone that lacks a write is not the original.
                standsStill: !accelerator.NoticesWrites);
            // What stood still when it was copied stands still there, too.
            await LiveCopy.LoadedAsync(target, cancellation);
            await target.ExecuteAsync("cont", null, cancellation);
            return new Duplicate(clone, Cold: false, copied.Pause, copied.BytesCopied);
        }
        catch
        {
            if (clone is { ProcessId: > 0 } made)
            {
                await context.Groups.EndAsync(VmGroups.Of(made));
                await RemoveRestAsync(made);
            }
            else
            {
                await guests.RemoveRestAsync(name, network);
            }

            throw;
        }
    }
}
