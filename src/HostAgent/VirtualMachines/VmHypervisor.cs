using System.Globalization;
using System.Text.Json.Nodes;
using JustRunIt.Events.Hosts;
using JustRunIt.Events.Quantities;
using JustRunIt.HostAgent.Hypervisors;
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
                    cancellation);
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
        foreach (var number in await Networks.ListAsync())
        {
            if (!adopted.Any(vm => vm.Network == number))
                await Networks.DestroyAsync(number);
        }

        foreach (var vm in adopted)
            await MergeAsync(vm);
        disks.DeleteAllBut(adopted.Select(vm => vm.Name).ToHashSet());
    }

    /// <summary>
    /// Pre-copy to an agent of the same host, which takes over network and disk: open connections go on. Nobody runs it twice: the
    /// receiver waits for the word that this agent has forgotten it.
    /// </summary>
    public override async Task SendAsync(string vm, Stream connection, CancellationToken cancellation)
    {
        using var alone = await monitors.TakeAsync(vm, cancellation);
        var present = Present(vm);
        if (present.Origin is not null || VmDisks.IsUnderneath(present, List()))
            throw new HypervisorException($"{vm} is a clone, or has clones that lie over its disk: neither moves to another agent");
        await using var qemu = await OpenAsync(present, cancellation);
        await disks.MergeAsync(vm, qemu, cancellation);
        await using var talk = new Handshake(connection);
        var disk = await VmDisks.TopAsync(qemu, cancellation);
        await talk.SayAsync(new Handshake.Offer(Handshake.BootId, present, NamespaceOf(present), disk?.File), cancellation);
        var ready = await talk.HearAsync<Handshake.Ready>(cancellation);
        LiftCap(present);
        try
        {
            await LiveCopy.SendAsync(qemu, ready.Uri, _ => Task.CompletedTask, goesOn: false, cancellation);
            await talk.HearAsync<Handshake.Step>(cancellation);
            // In this order: whoever dies between two of them, the network stays, and at most one of both runs it.
            await Tool.RunAsync("ip", $"netns attach {ready.Namespace} {present.ProcessId}");
            await Tool.RunAsync("ip", $"netns delete {NamespaceOf(present)}");
        }
        catch (Exception e)
        {
            await LiveCopy.ResumeAsync(qemu);
            SetCap(present, present.Cpu);
            await talk.TryRefuseAsync(e.Message);
            throw;
        }

        Forget(present);
        try
        {
            await talk.SayAsync(new Handshake.Step(), CancellationToken.None);
            await talk.HearAsync<Handshake.Step>(cancellation);
        }
        finally
        {
            // Network and disk are the other's.
            await RemoveAsync(present with { Network = null });
        }
    }

    /// <inheritdoc />
    public override async Task<RunningVm> ReceiveAsync(string machine, Stream connection, CancellationToken cancellation)
    {
        await using var talk = new Handshake(connection);
        var offer = await talk.HearAsync<Handshake.Offer>(cancellation);
        var vm = offer.Vm with { Machine = machine, ProcessId = 0, ProcessStart = 0, Details = WithNextTap(offer.Vm) };
        using var alone = await monitors.TakeAsync(vm.Name, cancellation);
        if (ReasonAgainst(offer, machine) is { } problem)
        {
            await talk.TryRefuseAsync(problem);
            throw new HypervisorException(problem);
        }

        try
        {
            await TapNetworks.AddTapAsync(offer.Namespace, TapOf(vm));
            (string File, string Node)? disk = offer.Disk is { } file ? await disks.TakeUpAsync(vm.Name, file) : null;
            vm = await LaunchAsync(vm, Guest.Of(vm.Start.Program), disk, incoming: true, cancellation, offer.Namespace);
            await using var qemu = await OpenAsync(vm, cancellation);
            await LiveCopy.ReceiveAsync(qemu, $"unix:{disks.Incoming(vm.Name)}", cancellation);
            await talk.SayAsync(new Handshake.Ready($"unix:{disks.Incoming(vm.Name)}", NamespaceOf(vm)), cancellation);
            var next = talk.HearAsync<Handshake.Step>(cancellation);
            var loaded = qemu.WaitAsync(0, e => e.MigrationStatus is "completed" or "failed", cancellation);
            if (await Task.WhenAny(next, loaded) == next)
                await next;
            if ((await loaded).MigrationStatus != "completed")
                throw new HypervisorException($"{vm.Name}: the copy failed here");
            await talk.SayAsync(new Handshake.Step(), cancellation);
            await next;
            await qemu.ExecuteAsync("cont", null, CancellationToken.None);
            Put(vm);
        }
        catch (Exception e)
        {
            // Its network is still the sender's: only what was added goes.
            await RemoveAsync(vm with { Network = null });
            await Tool.TryAsync("ip", $"-netns {offer.Namespace} link delete {TapOf(vm)}");
            await Tool.TryAsync("ip", $"netns delete {NamespaceOf(vm)}");
            await talk.TryRefuseAsync(e.Message);
            throw;
        }

        SetCap(vm, vm.Cpu);
        await talk.SayAsync(new Handshake.Step(), cancellation);
        await Tool.TryAsync("ip", $"-netns {NamespaceOf(vm)} link delete {TapOf(offer.Vm)}");
        return vm;
    }

    private string? ReasonAgainst(Handshake.Offer offer, string machine)
    {
        if (offer.Host != Handshake.BootId)
            return $"{offer.Vm.Name}: virtual machines move between the agents of one host only; its disk and network cannot be seen from here";
        if (List().Any(present => present.Name == offer.Vm.Name))
            return $"{offer.Vm.Name} runs here already";
        try
        {
            Admit(machine, offer.Vm.Name, offer.Vm.Cpu);
            return null;
        }
        catch (HypervisorException e)
        {
            return e.Message;
        }
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
