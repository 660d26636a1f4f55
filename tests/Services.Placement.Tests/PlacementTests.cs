using JustRunIt.Events.DataCenters;
using JustRunIt.Events.Hosts;
using JustRunIt.Events.Matrices;
using JustRunIt.Events.Placement;
using JustRunIt.Hosting.Messaging;
using JustRunIt.Infrastructure;

namespace JustRunIt.Services.Placement.Tests;

/// <summary>Placement as a process: it knows what host agents tell, decides from a filled matrix, and carries it out.</summary>
public sealed class PlacementTests : IAsyncLifetime
{
    private readonly ServiceScene scene = new("JustRunIt.Services.Placement");

    public Task InitializeAsync() => scene.InitializeAsync();

    public Task DisposeAsync() => scene.DisposeAsync();

    [Fact]
    public async Task What_agents_tell_is_the_inventory_and_a_filled_matrix_leads_to_an_allocation_that_is_applied()
    {
        await scene.GivenAsync(Shop.Service, Shop.Registered, Shop.Violated);
        await scene.GivenAsync(
            Shop.Matrix,
            Shop.Opened,
            Shop.Completed(0, 120),
            Shop.Completed(2, 80),
            Shop.Completed(4, 40),
            Shop.Ended,
            Shop.Interpolated(1, 95),
            Shop.Interpolated(3, 60));
        await scene.Bus.HearAsync<MachineJoined>();
        await scene.Bus.HearAsync<AllocationDecided>();
        await scene.Bus.HearAsync<InterpolationUsed>();
        await scene.Bus.TakeAsync<SetAllocation>(Names.HostAgent(Shop.Agent));
        scene.Start();

        var machine = Shop.Machine("host-1");
        var announced = await scene.Bus.SayAsync(new MachineAnnounced(
            "dc", Shop.Agent, "host-1", machine.Role, machine.Capacity, machine.Hypervisor, machine.Simulated));
        Assert.Equal(announced.ToString(), (await scene.Bus.UntilAsync<MachineJoined>()).Causation);
        await scene.Bus.SayAsync(new VmStarted(
            Guid.NewGuid(), "dc", Shop.Agent, "host-1", "shop-app", "shop", "application", false, Shop.Have(0.6)));
        await scene.UntilAsync<VmPlaced>(Shop.DataCenter);

        var filled = await scene.Bus.SayAsync(Shop.Filled);
        var (decided, causation) = await scene.UntilAsync<AllocationDecided>(Shop.DataCenter);
        Assert.Equal(filled.ToString(), causation);
        Assert.True(decided.Attainable);
        Assert.Equal(0.7, decided.Minimum["cpu"]!.Value, 9);
        Assert.Equal(Shop.Correlation, (await scene.Bus.UntilAsync<AllocationDecided>()).CorrelationId);
        Assert.Equal(filled.ToString(), (await scene.Bus.UntilAsync<InterpolationUsed>()).Causation);

        var asked = await scene.Bus.UntilAsync<SetAllocation>();
        var (started, _) = await scene.UntilAsync<AllocationStarted>(Shop.DataCenter);
        Assert.Equal(started.RequestId, asked.Body["requestId"]!.GetValue<Guid>());
        await scene.Bus.SayAsync(new AllocationSet(Shop.DataCenter, started.RequestId, Shop.Agent, "shop-app", started.Allocation));
        await scene.UntilAsync<PlacementApplied>(Shop.DataCenter);
        var state = await scene.LoadAsync<PlacementState>(Shop.DataCenter);
        Assert.Null(state.State.InProgress);
        Assert.Equal(decided.Allocated.Cpu, state.State.Inventory.Vms["shop-app"].Allocation.Cpu);
    }
}
