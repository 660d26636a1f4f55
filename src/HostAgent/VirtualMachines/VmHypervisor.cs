using System.Globalization;
using System.Text.Json.Nodes;
using JustRunIt.Events.Hosts;
using JustRunIt.Events.Quantities;
using JustRunIt.HostAgent.Hypervisors;
using JustRunIt.HostAgent.Moving;
using JustRunIt.HostAgent.Networks;
using JustRunIt.HostAgent.Processes;

namespace JustRunIt.HostAgent.VirtualMachines;

/// <summary>
/// Virtual machines of QEMU. A clone is made by pre-copy migration to a second QEMU, at whose end both run (§2.2.1); their disks
/// part at the same instant (docs/decisions/0020-virtual-machines.md).
/// </summary>
internal sealed class VmHypervisor(HostParts parts, Accelerator accelerator) : Hypervisor(parts)
{
    private const string VirtualCpusKey = "virtualCpus";
    private const string InnerKey = "inner";
    private const string TapKey = "tap";
    private const string DiskKey = "disk";
    private const string UriKey = "uri";
    private static readonly TimeSpan BalloonPatience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan BalloonInterval = TimeSpan.FromMilliseconds(20);

    private readonly TapNetworks networks = new(parts.Networks);
    private readonly VmDisks disks = new(parts.Settings);
    private readonly NameLocks monitors = new();

    /// <inheritdoc />
    public override string Name => accelerator.IsHardware ? VmBackEnd.BackEndName : $"{VmBackEnd.BackEndName} ({accelerator.Name})";

    /// <inheritdoc />
    protected override async Task<RunningVm> BootAsync(StartVm command, CancellationToken cancellation)
    {
        var guest = Guest.Of(command.Program);
        int? network = null;
        try
        {
            network = await networks.CreateOnlineAsync(command.Program.Listen, command.Program.Next);
            (string File, string Node)? disk = guest.Disk is { } image ? await disks.CreateAsync(command.Vm, image) : null;
            var vm = new RunningVm(command.Vm, command.Machine, command, command.Cpu, command.Memory, command.Program.Listen, 0, 0, null)
            {
                Network = network,
                Details = new Dictionary<string, string>
                {
                    [VirtualCpusKey] = VirtualCpusOn(command.Machine).ToString(CultureInfo.InvariantCulture),
                    [InnerKey] = network.Value.ToString(CultureInfo.InvariantCulture),
                },
            };
            return await LaunchAsync(vm, guest, disk, incoming: false, cancellation);
        }
        catch
        {
            await RemoveRestAsync(command.Vm, network);
            throw;
        }
    }

    /// <inheritdoc />
    protected override async Task<Duplicate> DuplicateAsync(RunningVm original, CloneVm command, CancellationToken cancellation)
    {
        try
        {
            return await CopyAsync(original, command, cancellation);
        }
        catch
        {
            await MergeAsync(original);
            throw;
        }
    }

    private async Task<Duplicate> CopyAsync(RunningVm original, CloneVm command, CancellationToken cancellation)
    {
        // One copy of an original at a time.
        using var alone = await monitors.TakeAsync(original.Name, cancellation);
        StillHere(original);
        var (name, program) = (command.CloneName, original.Start.Program);
        int? network = null;
        RunningVm? clone = null;
        try
        {
            Tell(name, "network");
            network = await networks.CreateCloneAsync(InnerOf(original), program.Listen, program.Next, command.Next);
            await using var source = await OpenAsync(original, cancellation);
            (string File, string Node)? below = await VmDisks.TopAsync(source, cancellation);
            (string File, string Node)? copysDisk = null, nextDisk = null;
            if (below is { } top)
            {
                copysDisk = await disks.CreateAsync(name, top.File);
                nextDisk = await disks.CreateAsync(original.Name, top.File);
                await VmDisks.OpenAsync(source, nextDisk.Value.File, nextDisk.Value.Node, cancellation);
            }

            Tell(name, "start");
            clone = LiveClone(original, command, network.Value);
            // Its network is new, whatever the original's tap device is called by now.
            clone = clone with { Details = clone.Details.Where(detail => detail.Key != TapKey).ToDictionary() };
            clone = await LaunchAsync(clone, Guest.Of(program), copysDisk, incoming: true, cancellation);
            await using var target = await OpenAsync(clone, cancellation);
            var uri = $"unix:{disks.Incoming(name)}";
            await LiveCopy.ReceiveAsync(target, uri, cancellation);
            Tell(name, "copy");
            LiftCap(original);
            try
            {
                var copied = await LiveCopy.SendAsync(
                    source,
                    uri,
                    pause =>
                    {
                        Tell(name, "pause");
                        return below is { } closed ? VmDisks.SnapshotAsync(source, closed.Node, nextDisk!.Value.Node, pause) : Task.CompletedTask;
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
            finally
            {
                // It may have been given another meanwhile.
                SetCap(original, List().FirstOrDefault(present => present.Name == original.Name)?.Cpu ?? original.Cpu);
            }
        }
        catch
        {
            if (clone is { ProcessId: > 0 })
                await RemoveAsync(clone);
            else
                await RemoveRestAsync(name, network);
            throw;
        }
    }

    /// <summary>The guest's own: its kernel's last line, in brackets with the time, is always that it powers down.</summary>
    protected override string LastWords(string vm) => Launcher.LastWords(LogOf(vm), line => !line.StartsWith('['));

    /// <summary>QEMU needs some memory beside its guest's.</summary>
    protected override MemorySize GroupMemory(RunningVm vm) => new(vm.Start.Memory.Bytes + QemuCommand.Overhead.Bytes);

    /// <summary>The guest's own memory: its balloon takes what it may not use (virtio specification, §5.5).</summary>
    protected override async Task<MemorySize> SetMemoryAsync(RunningVm vm, MemorySize limit, CancellationToken cancellation)
    {
        if (limit > vm.Start.Memory)
            throw new HypervisorException($"memory: {limit} for {vm.Name} is more than the {vm.Start.Memory} that it was booted with");
        using var alone = await monitors.TakeAsync(vm.Name, cancellation);
        await using var qemu = await OpenAsync(vm, cancellation);
        await qemu.ExecuteAsync("balloon", new JsonObject { ["value"] = limit.Bytes }, cancellation);
        var begin = TimeProvider.System.GetTimestamp();
        while (true)
        {
            var actual = new MemorySize((await qemu.ExecuteAsync("query-balloon", null, cancellation)).GetProperty("actual").GetInt64());
            if (actual == limit)
                return actual;
            if (TimeProvider.System.GetElapsedTime(begin) > BalloonPatience)
            {
                await qemu.ExecuteAsync("balloon", new JsonObject { ["value"] = vm.Memory.Bytes }, cancellation);
                throw new HypervisorException($"memory: the guest of {vm.Name} gives up no more than down to {actual}; {limit} is too little for it, or it has no virtio balloon");
            }

            await Task.Delay(BalloonInterval, cancellation);
        }
    }

    /// <inheritdoc />
    protected override async Task RemoveRestAsync(RunningVm vm)
    {
        await RemoveRestAsync(vm.Name, vm.Network);
        // One that was never finished is merged by whoever gave it up, who has the original's monitor.
        if (vm.Origin is { Result: not null, Command.Vm: var name } && List().FirstOrDefault(present => present.Name == name) is { } original)
            await MergeAsync(original);
    }

    /// <summary>A copy that an earlier agent began may have its original standing still: it goes on, and the copy is given up.</summary>
    protected override async Task SettleAsync(IReadOnlyList<RunningVm> adopted, CancellationToken cancellation)
    {
        foreach (var vm in adopted)
        {
            await using var qemu = await OpenAsync(vm, cancellation);
            await LiveCopy.ResumeAsync(qemu);
        }
    }

    /// <inheritdoc />
    protected override async Task SweepAsync(IReadOnlyList<RunningVm> adopted)
    {
        foreach (var vm in adopted)
            await MergeAsync(vm);
        disks.DeleteAllBut(adopted.Select(vm => vm.Name).ToHashSet());
    }

    /// <inheritdoc />
    protected override string? ReasonToStay(RunningVm vm) => vm.Origin is not null || VmDisks.IsUnderneath(vm, List())
        ? $"{vm.Name} is a clone, or has clones that lie over its disk: neither moves to another agent"
        : null;

    /// <summary>Pre-copy to an agent of the same host, which takes over network and disk: open connections go on.</summary>
    protected override async Task CopyOutAsync(RunningVm vm, MoveRecord record, Handshake talk, CancellationToken cancellation)
    {
        using var alone = await monitors.TakeAsync(vm.Name, cancellation);
        if (ReasonToStay(vm) is { } cloned)
            throw new HypervisorException(cloned);
        await using var qemu = await OpenAsync(vm, cancellation);
        await disks.MergeAsync(vm.Name, qemu, cancellation);
        var disk = await VmDisks.TopAsync(qemu, cancellation);
        await talk.SayAsync(
            OfferOf(vm, record, NamespaceOf(vm)) with { Details = disk is { } top ? new Dictionary<string, string> { [DiskKey] = top.File } : new() }, cancellation);
        var ready = await talk.HearAsync<Handshake.Step>(Handshake.ShortPatience, cancellation);
        LiftCap(vm);
        Tell(vm.Name, "copy");
        await LiveCopy.SendAsync(
            qemu,
            ready.Details[UriKey],
            _ =>
            {
                Tell(vm.Name, "pause");
                // A guest that stands still tells no hardware address: the host keeps what it has to send.
                return SandboxNetworks.HoldAsync(vm.Network!.Value);
            },
            goesOn: false,
            cancellation,
            // Production may not lose a write.
            standsStill: !accelerator.NoticesWrites);
        await talk.SayAsync(new Handshake.Step(), cancellation);
        await talk.HearAsync<Handshake.Step>(Handshake.ShortPatience, cancellation);
    }

    /// <inheritdoc />
    protected override async Task StayAsync(RunningVm vm)
    {
        using var alone = await monitors.TakeAsync(vm.Name, CancellationToken.None);
        if (Ended(vm) is not null)
            return;
        await using var qemu = await OpenAsync(vm, CancellationToken.None);
        await LiveCopy.ResumeAsync(qemu);
        await ContainerNetworks.DeliverAsync(vm.Network!.Value);
    }

    /// <inheritdoc />
    protected override async Task<RunningVm> CopyInAsync(Arrival arrival, Handshake talk, CancellationToken cancellation)
    {
        var offer = arrival.Offer;
        var vm = arrival.Vm with { Details = WithNextTap(offer.Vm) };
        using var alone = await monitors.TakeAsync(vm.Name, cancellation);
        await TapNetworks.AddTapAsync(offer.Namespace, TapOf(vm));
        (string File, string Node)? disk = offer.Details.TryGetValue(DiskKey, out var file) ? await disks.TakeUpAsync(vm.Name, file) : null;
        vm = await LaunchAsync(vm, Guest.Of(vm.Start.Program), disk, incoming: true, cancellation, offer.Namespace);
        await using var qemu = await OpenAsync(vm, cancellation);
        var uri = $"unix:{disks.Incoming(vm.Name)}";
        await LiveCopy.ReceiveAsync(qemu, uri, cancellation);
        Tell(vm.Name, "copy");
        await talk.SayAsync(new Handshake.Step { Details = new Dictionary<string, string> { [UriKey] = uri } }, cancellation);
        await talk.HearAsync<Handshake.Step>(Handshake.LongPatience, cancellation);
        await LiveCopy.LoadedAsync(qemu, cancellation);
        return vm;
    }

    /// <inheritdoc />
    protected override async Task RemoveRestOfArrivalAsync(Arrival arrival)
    {
        // Its network is the sender's: only what was added goes.
        await Tool.TryAsync("ip", $"-netns {arrival.Offer.Namespace} link delete {TapOf(arrival.Vm with { Details = WithNextTap(arrival.Offer.Vm) })}");
        disks.Delete(arrival.Vm.Name);
    }

    /// <inheritdoc />
    protected override async Task LandAsync(Arrival arrival)
    {
        var (vm, offer) = (arrival.Vm, arrival.Offer);
        await Networks.TakeOverAsync(vm.Network!.Value, offer.Namespace, vm.ProcessId);
        await networks.TakeOverRulesAsync(vm.Network.Value, offer.Table, vm.Endpoint, vm.Start.Program.Next);
        await using (var qemu = await OpenAsync(vm, CancellationToken.None))
            await qemu.ExecuteAsync("cont", null, CancellationToken.None);
        await ContainerNetworks.DeliverAsync(vm.Network.Value);
        await Tool.TryAsync("ip", $"-netns {NamespaceOf(vm)} link delete {TapOf(offer.Vm)}");
    }

    private static string TapOf(RunningVm vm) => vm.Details.GetValueOrDefault(TapKey, TapNetworks.FirstTap);

    private static Dictionary<string, string> WithNextTap(RunningVm vm) =>
        new(vm.Details) { [TapKey] = TapOf(vm) == TapNetworks.FirstTap ? "tap1" : TapNetworks.FirstTap };

    private string NamespaceOf(RunningVm vm) => networks.NamespaceOf(vm.Network!.Value, clone: vm.Origin is not null);

    private static int InnerOf(RunningVm vm) => int.Parse(vm.Details[InnerKey], CultureInfo.InvariantCulture);

    /// <summary>As many as the machine has cores: the cap, not their number, limits what they get.</summary>
    private int VirtualCpusOn(string machine) =>
        Math.Clamp((int)Math.Ceiling(Settings.Real(Settings.Machine(machine).Cpu).Cores - 1e-9), 1, Environment.ProcessorCount);

    private Task<QmpClient> OpenAsync(RunningVm vm, CancellationToken cancellation) =>
        QmpClient.OpenAsync(disks.Socket(vm.Name), () => Ended(vm), cancellation);

    private async Task<RunningVm> LaunchAsync(
        RunningVm vm, Guest guest, (string File, string Node)? disk, bool incoming, CancellationToken cancellation, string? anothersNamespace = null)
    {
        var inner = InnerOf(vm);
        var command = new QemuCommand(
            vm.Name,
            accelerator,
            int.Parse(vm.Details[VirtualCpusKey], CultureInfo.InvariantCulture),
            vm.Start.Memory,
            guest,
            guest.Kernel is null ? null : TapNetworks.KernelArgument(inner, vm.Start.Vm),
            TapNetworks.Mac(inner),
            TapOf(vm),
            disk?.File,
            disk?.Node ?? "",
            disks.Socket(vm.Name),
            incoming,
            Paused: anothersNamespace is not null);
        Directory.CreateDirectory(Path.GetDirectoryName(command.Socket)!);
        var program = vm.Start.Program;
        var qemu = program with { Executable = QemuCommand.Program, Arguments = command.Arguments, Environment = new Dictionary<string, string>(), WorkingDirectory = "/" };
        return await InGroupAsync(
            vm,
            groups => Task.FromResult(Launcher.Start(
                qemu,
                ContainerNetworks.InnerListen(inner, program.Listen),
                ContainerNetworks.InnerNext(inner, program.Next),
                groups,
                anothersNamespace ?? NamespaceOf(vm),
                NewLog(vm.Name))),
            cancellation);
    }

    private async Task RemoveRestAsync(string name, int? network)
    {
        disks.Delete(name);
        if (network is { } number)
            await Networks.DestroyAsync(number);
    }

    /// <summary>Layers that clones left; what cannot be merged now is merged after the next clone.</summary>
    private async Task MergeAsync(RunningVm original)
    {
        try
        {
            using var alone = await monitors.TakeAsync(original.Name, CancellationToken.None);
            if (VmDisks.IsUnderneath(original, List()) || Ended(original) is not null)
                return;
            await using var qemu = await OpenAsync(original, CancellationToken.None);
            await disks.MergeAsync(original.Name, qemu, CancellationToken.None);
        }
        catch (Exception e) when (e is HypervisorException or OperationCanceledException)
        {
            // The chain stays as it is, and serves.
        }
    }
}
