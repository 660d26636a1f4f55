using System.Collections.Concurrent;
using System.Globalization;
using JustRunIt.HostAgent.BackEnds;
using JustRunIt.HostAgent.Machines;
using JustRunIt.HostAgent.Moving;
using JustRunIt.HostAgent.Networks;
using JustRunIt.HostAgent.Processes;
using JustRunIt.Hosting;
using JustRunIt.Hosting.Files;

namespace JustRunIt.HostAgent.Containers;

/// <summary>
/// Moves between the agents of one host: most of the disk is copied while the container runs; then what is sent to it is held, CRIU
/// writes it down with its connections, and keeps it frozen until it is decided whether the copy at the receiver takes its place
/// (docs/decisions/0022-moving.md).
/// </summary>
internal sealed class ContainerMover(
    BackEndContext context, ContainerDisks disks, Criu criu, ContainerNetworks networks, ContainerDumps dumps) : IMover
{
    private const string ImagesKey = "images";
    private const string SnapshotKey = "snapshot";
    private static readonly TimeSpan DumpInterval = TimeSpan.FromMilliseconds(2);

    private readonly ConcurrentDictionary<string, Task> holders = new();

    /// <inheritdoc />
    public string? ReasonToStay(RunningVm vm) =>
        vm.Origin is not null ? $"{vm.Name} is a clone: it does not move to another agent" : null;

    /// <inheritdoc />
    public async Task CopyOutAsync(
        RunningVm vm, MoveRecord record, Handshake talk, Func<LiftTo, Task> lift, CancellationToken cancellation)
    {
        using var alone = await dumps.AloneAsync(vm, cancellation);
        using var log = context.Logs.Hold(vm.Name);
        var offer = context.OfferOf(ContainerBackEnd.BackEndName, vm, record, context.Networks.Namespace(vm.Network!.Value));
        await talk.SayAsync(offer, cancellation);
        await talk.HearAsync<Handshake.Step>(Handshake.ShortPatience, cancellation);
        context.Tell(vm.Name, "disk");
        await disks.SnapshotAsync(vm.Name);
        await talk.SayAsync(SnapshotStep(vm.Name, 0), cancellation);
        await talk.HearAsync<Handshake.Step>(Handshake.LongPatience, cancellation);
        await dumps.CreateImagesAsync(vm, vm.Name);
        await dumps.PrepareImagesAsync(vm, vm.Name, cancellation);
        var (images, previous) = await dumps.PreDumpAsync(vm, vm.Name, cancellation);
        var (program, told, frozen) = await HolderAsync(vm, record, images, previous);
        await disks.FlushAsync(vm.Name);
        await lift(LiftTo.Host);
        context.Tell(vm.Name, "dump");
        var held = Criu.HoldAsync(program, told, disks.Images(vm.Name), images);
        holders[vm.Name] = held;
        while (!File.Exists(frozen))
        {
            if (held.IsCompleted)
            {
                await held;
                throw new HostException($"{vm.Name} could not be held");
            }

            await Task.Delay(DumpInterval, cancellation);
        }

        context.Tell(vm.Name, "frozen");
        var step = new Handshake.Step
        {
            Details = new Dictionary<string, string> { [SnapshotKey] = disks.Snapshot(vm.Name, 1), [ImagesKey] = images },
        };
        await talk.SayAsync(step, cancellation);
        await talk.HearAsync<Handshake.Step>(Handshake.ShortPatience, cancellation);
    }

    /// <inheritdoc />
    public async Task StayAsync(RunningVm vm)
    {
        await HeldAsync(vm);
        try
        {
            await GoOnAsync(vm);
        }
        finally
        {
            await RemoveCopiesAsync(vm);
        }
    }

    /// <inheritdoc />
    public Task LeaveAsync(RunningVm vm) => RemoveCopiesAsync(vm);

    /// <inheritdoc />
    public async Task<RunningVm> CopyInAsync(Arrival arrival, Handshake talk, CancellationToken cancellation)
    {
        var (vm, number) = (arrival.Vm, arrival.Vm.Network!.Value);
        await networks.CreateArrivalAsync(number);
        await disks.PrepareAsync();
        // Of a restore that a dead agent has begun under this name nothing may be left.
        await disks.DeleteSnapshotsAsync(vm.Name);
        var work = disks.Images(vm.Name);
        OwnerOnly.OwnFolder(work);
        await talk.SayAsync(new Handshake.Step(), cancellation);
        var first = (await talk.HearAsync<Handshake.Step>(Handshake.LongPatience, cancellation)).PathDetail(SnapshotKey);
        context.Tell(vm.Name, "disk");
        await disks.ReceiveAsync(vm.Name, first, before: null);
        await talk.SayAsync(new Handshake.Step(), cancellation);
        var frozen = await talk.HearAsync<Handshake.Step>(Handshake.LongPatience, cancellation);
        context.Tell(vm.Name, "rest");
        await disks.ReceiveAsync(vm.Name, frozen.PathDetail(SnapshotKey), first);
        await disks.TakeUpAsync(vm.Name);
        var root = await disks.MountAsync(vm.Name, ContainerBackEnd.ImageOf(vm.Start.Program));
        context.Tell(vm.Name, "restore");
        var (images, inside) = (frozen.PathDetail(ImagesKey), networks.OnlinePath(number));
        return await context.Groups.FillAsync(
            vm,
            vm.Memory,
            groups => criu.RestoreAsync(images, work, root, inside, vm.Name, groups, moved: true, cancellation),
            cancellation);
    }

    /// <inheritdoc />
    public async Task RemoveRestOfArrivalAsync(Arrival arrival)
    {
        await RemoveWorkAsync(arrival.Vm.Name);
        await disks.DeleteSnapshotsAsync(arrival.Vm.Name);
        await disks.DeleteAsync(arrival.Vm.Name);
        await Tool.TryAsync("ip", $"netns delete {context.Networks.Namespace(arrival.Vm.Network!.Value)}");
    }

    /// <inheritdoc />
    public async Task LandAsync(Arrival arrival)
    {
        var (vm, number) = (arrival.Vm, arrival.Vm.Network!.Value);
        await networks.TakeOverDeviceAsync(number, arrival.Offer.Namespace);
        ProcessTable.GoOn(context.Groups.Processes(vm));
        await ContainerNetworks.DeliverAsync(number);
        await networks.TakeOverRulesAsync(
            number,
            arrival.Offer.Table,
            await NetworkAddress.RequireAsync("endpoint", vm.Endpoint),
            await NetworkAddress.ReadAsync("next", vm.Start.Program.Next));
        await ContainerNetworks.RemoveEmptyAsync(arrival.Offer.Namespace);
        await disks.UnmountAsync(vm.Name);
        await RemoveWorkAsync(vm.Name);
    }

    /// <summary>
    /// Lets an on-line container go on, and be reached, whose holder did not get to it: one that was killed, by whomever. May be repeated;
    /// what runs and is reached is left as it is.
    /// </summary>
    public async Task GoOnAsync(RunningVm vm)
    {
        if (vm.Origin is not null || vm.Network is not { } number || DetachedProgram.IsRunning(disks.Images(vm.Name)))
            return;
        ProcessTable.GoOn(context.Groups.Processes(vm));
        await networks.ReleaseAsync(number);
    }

    private Handshake.Step SnapshotStep(string vm, int round) =>
        new() { Details = new Dictionary<string, string> { [SnapshotKey] = disks.Snapshot(vm, round) } };

    /// <summary>
    /// The program that holds a container while it moves, and runs CRIU meanwhile. It is a shell's because it must outlive its agent.
    /// </summary>
    /// <returns>The program and its arguments, what it is told, and the file that it makes once memory and disk are written down.</returns>
    private async Task<(IReadOnlyList<string> Program, IReadOnlyDictionary<string, string> Told, string Frozen)> HolderAsync(
        RunningVm vm, MoveRecord record, string images, string? previous)
    {
        var folder = disks.Images(vm.Name);
        var holder = await EmbeddedScript.WriteAsync("hold.sh", folder);
        var atTheInstant = await EmbeddedScript.WriteAsync("at-the-instant.sh", folder);
        var frozen = Path.Combine(folder, "frozen");
        var told = new Dictionary<string, string>(networks.Holding(vm.Network!.Value))
        {
            ["JUSTRUNIT_PROCESS"] = vm.ProcessId.ToString(CultureInfo.InvariantCulture),
            ["JUSTRUNIT_PROCESSES"] = context.Groups.EntryFiles(vm)[0],
            ["JUSTRUNIT_RECORD"] = record.Path,
            ["JUSTRUNIT_OFFERED"] = MoveRecord.Offered,
            ["JUSTRUNIT_GIVEN"] = string.Join(' ', MoveRecord.StatesOfGiven),
            ["JUSTRUNIT_DISK"] = disks.Disk(vm.Name),
            ["JUSTRUNIT_SNAPSHOT"] = disks.Snapshot(vm.Name, 1),
            ["JUSTRUNIT_FROZEN"] = frozen,
        };
        return ([holder, .. criu.MoveCommand(vm.ProcessId, images, previous, atTheInstant)], told, frozen);
    }

    /// <summary>Its holder has read the decision and acts on it; what was copied for the move goes either way.</summary>
    private async Task RemoveCopiesAsync(RunningVm vm)
    {
        await HeldAsync(vm);
        await disks.DeleteImagesAsync(vm.Name);
        await disks.DeleteSnapshotsAsync(vm.Name);
    }

    /// <summary>Waits until CRIU has let go of it; what was wrong has been told by then.</summary>
    private async Task HeldAsync(RunningVm vm)
    {
        if (!holders.TryRemove(vm.Name, out var held))
            return;
        try
        {
            await held;
        }
        catch (HostException)
        {
            // It runs on, or has been ended.
        }
    }

    private async Task RemoveWorkAsync(string vm)
    {
        if (Directory.Exists(disks.Images(vm)))
            Directory.Delete(disks.Images(vm), recursive: true);
        await disks.DeleteImagesAsync(vm);
    }
}
