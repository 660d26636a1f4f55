using JustRunIt.HostAgent.BackEnds;
using JustRunIt.HostAgent.Machines;
using JustRunIt.HostAgent.Moving;
using JustRunIt.HostAgent.Networks;
using JustRunIt.HostAgent.Processes;
using JustRunIt.Hosting;

namespace JustRunIt.HostAgent.VirtualMachines;

/// <summary>
/// Moves between the agents of one host: pre-copy to an agent that takes over network and disk, so that open connections go on
/// (docs/decisions/0022-moving.md).
/// </summary>
internal sealed class VmMover(
    BackEndContext context, string backEnd, Accelerator accelerator, TapNetworks networks, VmDisks disks, QemuGuests guests) : IMover
{
    private const string DiskKey = "disk";
    private const string UriKey = "uri";

    /// <inheritdoc />
    public string? ReasonToStay(RunningVm vm) => vm.Origin is not null || VmDisks.IsUnderneath(vm, context.Running)
        ? $"{vm.Name} is a clone, or has clones that lie over its disk: neither moves to another agent"
        : null;

    /// <inheritdoc />
    public async Task CopyOutAsync(
        RunningVm vm, MoveRecord record, Handshake talk, Func<LiftTo, Task> lift, CancellationToken cancellation)
    {
        using var alone = await guests.AloneAsync(vm.Name, cancellation);
        if (ReasonToStay(vm) is { } cloned)
            throw new HostException(cloned);
        await using var qemu = await guests.OpenAsync(vm, cancellation);
        await disks.MergeAsync(vm.Name, qemu, cancellation);
        var disk = await VmDisks.TopAsync(qemu, cancellation);
        var details = disk is { } top ? new Dictionary<string, string> { [DiskKey] = top.File } : new();
        await talk.SayAsync(context.OfferOf(backEnd, vm, record, guests.NamespaceOf(vm)) with { Details = details }, cancellation);
        var ready = await talk.HearAsync<Handshake.Step>(Handshake.ShortPatience, cancellation);
        // It runs on meanwhile: it may not have more than its machine.
        await lift(LiftTo.Machine);
        context.Tell(vm.Name, "copy");
        await LiveCopy.SendAsync(
            qemu,
            UriOf(ready),
            _ =>
            {
                context.Tell(vm.Name, "pause");
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

    /// <summary>QEMU would run a program for other forms of it.</summary>
    private static string UriOf(Handshake.Step step) =>
        Endpoint.TryParse(step.Detail(UriKey), EndpointKinds.Unix, out var socket)
        && socket.UnixPath is { } path && path.All(c => c is > ' ')
            ? socket.ToString()
            : throw new HostException($"{UriKey}: the other agent says no path of a socket");

    /// <inheritdoc />
    public async Task StayAsync(RunningVm vm)
    {
        using var alone = await guests.AloneAsync(vm.Name, CancellationToken.None);
        if (guests.Ended(vm) is not null)
            return;
        await using var qemu = await guests.OpenAsync(vm, CancellationToken.None);
        await LiveCopy.ResumeAsync(qemu);
        await ContainerNetworks.DeliverAsync(vm.Network!.Value);
    }

    /// <inheritdoc />
    public Task LeaveAsync(RunningVm vm) => Task.CompletedTask;

    /// <inheritdoc />
    public async Task<RunningVm> CopyInAsync(Arrival arrival, Handshake talk, CancellationToken cancellation)
    {
        var offer = arrival.Offer;
        var vm = arrival.Vm with { Details = TapNetworks.WithNextTap(offer.Vm) };
        using var alone = await guests.AloneAsync(vm.Name, cancellation);
        await TapNetworks.AddTapAsync(offer.Namespace, TapNetworks.TapOf(vm));
        (string File, string Node)? disk = offer.Details.ContainsKey(DiskKey)
            ? await disks.TakeUpAsync(vm.Name, offer.PathDetail(DiskKey))
            : null;
        var guest = Guest.Of(context.Secrets.Reveal(vm.Start.Program));
        vm = await guests.LaunchAsync(vm, guest, disk, incoming: true, cancellation, offer.Namespace);
        await using var qemu = await guests.OpenAsync(vm, cancellation);
        var uri = $"unix:{disks.Incoming(vm.Name)}";
        await LiveCopy.ReceiveAsync(qemu, uri, cancellation);
        context.Tell(vm.Name, "copy");
        await talk.SayAsync(new Handshake.Step { Details = new Dictionary<string, string> { [UriKey] = uri } }, cancellation);
        await talk.HearAsync<Handshake.Step>(Handshake.LongPatience, cancellation);
        await LiveCopy.LoadedAsync(qemu, cancellation);
        return vm;
    }

    /// <inheritdoc />
    public async Task RemoveRestOfArrivalAsync(Arrival arrival)
    {
        // Its network is the sender's: only what was added goes.
        var tap = TapNetworks.TapOf(arrival.Vm with { Details = TapNetworks.WithNextTap(arrival.Offer.Vm) });
        await Tool.TryAsync("ip", $"-netns {arrival.Offer.Namespace} link delete {tap}");
        disks.Delete(arrival.Vm.Name);
    }

    /// <inheritdoc />
    public async Task LandAsync(Arrival arrival)
    {
        var (vm, offer) = (arrival.Vm, arrival.Offer);
        await context.Networks.TakeOverAsync(vm.Network!.Value, offer.Namespace, vm.ProcessId);
        await networks.TakeOverRulesAsync(
            vm.Network.Value,
            offer.Table,
            await NetworkAddress.RequireAsync("endpoint", vm.Endpoint),
            await NetworkAddress.ReadAsync("next", vm.Start.Program.Next));
        await using (var qemu = await guests.OpenAsync(vm, CancellationToken.None))
            await qemu.ExecuteAsync("cont", null, CancellationToken.None);
        await ContainerNetworks.DeliverAsync(vm.Network.Value);
        await Tool.TryAsync("ip", $"-netns {guests.NamespaceOf(vm)} link delete {TapNetworks.TapOf(offer.Vm)}");
    }
}
