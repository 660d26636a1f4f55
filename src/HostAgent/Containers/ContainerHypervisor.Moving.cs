using JustRunIt.HostAgent.Hypervisors;
using JustRunIt.HostAgent.Moving;
using JustRunIt.HostAgent.Networks;
using JustRunIt.HostAgent.Processes;

namespace JustRunIt.HostAgent.Containers;

/// <summary>
/// Moves between the agents of one host: most of the disk is copied while the container runs; then what is sent to it is held, CRIU
/// writes it down with its connections, and keeps it frozen until it is decided whether the copy at the receiver takes its place
/// (docs/decisions/0022-moving.md).
/// </summary>
internal sealed partial class ContainerHypervisor
{
    private const string ImagesKey = "images";
    private const string SnapshotKey = "snapshot";
    private static readonly TimeSpan DumpInterval = TimeSpan.FromMilliseconds(2);

    /// <inheritdoc />
    protected override string? ReasonToStay(RunningVm vm) =>
        vm.Origin is not null ? $"{vm.Name} is a clone: it does not move to another agent" : null;

    /// <inheritdoc />
    protected override async Task CopyOutAsync(RunningVm vm, MoveRecord record, Handshake talk, CancellationToken cancellation)
    {
        using var alone = await dumps.TakeAsync(vm.Name, cancellation);
        await talk.SayAsync(OfferOf(vm, record, Networks.Namespace(vm.Network!.Value)), cancellation);
        await talk.HearAsync<Handshake.Step>(Handshake.ShortPatience, cancellation);
        Tell(vm.Name, "disk");
        await disks.SnapshotAsync(vm.Name);
        await talk.SayAsync(SnapshotStep(vm.Name, 0), cancellation);
        await talk.HearAsync<Handshake.Step>(Handshake.LongPatience, cancellation);
        await disks.CreateImagesAsync(vm.Name, vm.Memory.Bytes + ImageOverhead);
        await PrepareImagesAsync(vm, vm.Name, cancellation);
        var (images, previous) = await PreDumpAsync(vm, disks.Images(vm.Name), cancellation);
        var frozen = Path.Combine(disks.Images(vm.Name), "frozen");
        var holder = await ContainerHolder.WriteAsync(
            disks.Images(vm.Name),
            vm.ProcessId,
            record,
            atTheInstant => criu.MoveCommand(vm.ProcessId, images, previous, atTheInstant),
            disks.SnapshotLine(vm.Name),
            frozen,
            vm.Network.Value,
            networks);
        await disks.FlushAsync(vm.Name);
        LiftCap(vm);
        Tell(vm.Name, "dump");
        var held = Criu.HoldAsync(holder, disks.Images(vm.Name), images);
        holders[vm.Name] = held;
        while (!File.Exists(frozen))
        {
            if (held.IsCompleted)
            {
                await held;
                throw new HypervisorException($"{vm.Name} could not be held");
            }

            await Task.Delay(DumpInterval, cancellation);
        }

        Tell(vm.Name, "frozen");
        await talk.SayAsync(
            SnapshotStep(vm.Name, 1) with { Details = new Dictionary<string, string> { [SnapshotKey] = disks.Snapshot(vm.Name, 1), [ImagesKey] = images } }, cancellation);
        await talk.HearAsync<Handshake.Step>(Handshake.ShortPatience, cancellation);
    }

    /// <inheritdoc />
    protected override Task StayAsync(RunningVm vm) => RemoveCopiesAsync(vm);

    /// <inheritdoc />
    protected override Task LeaveAsync(RunningVm vm) => RemoveCopiesAsync(vm);

    /// <inheritdoc />
    protected override async Task<RunningVm> CopyInAsync(Arrival arrival, Handshake talk, CancellationToken cancellation)
    {
        var (vm, number) = (arrival.Vm, arrival.Vm.Network!.Value);
        await networks.CreateArrivalAsync(number);
        await disks.PrepareAsync();
        // Of a restore that a dead agent has begun under this name nothing may be left.
        await disks.DeleteSnapshotsAsync(vm.Name);
        var work = disks.Images(vm.Name);
        Directory.CreateDirectory(work);
        await talk.SayAsync(new Handshake.Step(), cancellation);
        var first = (await talk.HearAsync<Handshake.Step>(Handshake.LongPatience, cancellation)).Details[SnapshotKey];
        Tell(vm.Name, "disk");
        await disks.ReceiveAsync(vm.Name, first, before: null);
        await talk.SayAsync(new Handshake.Step(), cancellation);
        var frozen = (await talk.HearAsync<Handshake.Step>(Handshake.LongPatience, cancellation)).Details;
        Tell(vm.Name, "rest");
        await disks.ReceiveAsync(vm.Name, frozen[SnapshotKey], first);
        await disks.TakeUpAsync(vm.Name);
        var root = await disks.MountAsync(vm.Name, ImageOf(vm.Start.Program));
        Tell(vm.Name, "restore");
        return await InGroupAsync(
            vm,
            groups => criu.RestoreAsync(frozen[ImagesKey], work, root, networks.OnlinePath(number), vm.Name, groups, moved: true, cancellation),
            cancellation);
    }

    /// <inheritdoc />
    protected override async Task RemoveRestOfArrivalAsync(Arrival arrival)
    {
        await RemoveWorkAsync(arrival.Vm.Name);
        await disks.DeleteSnapshotsAsync(arrival.Vm.Name);
        await disks.DeleteAsync(arrival.Vm.Name);
        await Tool.TryAsync("ip", $"netns delete {Networks.Namespace(arrival.Vm.Network!.Value)}");
    }

    /// <inheritdoc />
    protected override async Task LandAsync(Arrival arrival)
    {
        var (vm, number) = (arrival.Vm, arrival.Vm.Network!.Value);
        await networks.TakeOverDeviceAsync(number, arrival.Offer.Namespace);
        ProcessTable.GoOn(Groups.Processes(GroupOf(vm)));
        await ContainerNetworks.DeliverAsync(number);
        await networks.TakeOverRulesAsync(number, arrival.Offer.Table, vm.Endpoint, vm.Start.Program.Next);
        await ContainerNetworks.RemoveEmptyAsync(arrival.Offer.Namespace);
        await disks.UnmountAsync(vm.Name);
        await RemoveWorkAsync(vm.Name);
    }

    private Handshake.Step SnapshotStep(string vm, int round) =>
        new() { Details = new Dictionary<string, string> { [SnapshotKey] = disks.Snapshot(vm, round) } };

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
        catch (HypervisorException)
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
