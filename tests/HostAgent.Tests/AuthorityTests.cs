using JustRunIt.Events.Hosts;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Quantities;
using JustRunIt.Events.Resources;
using JustRunIt.HostAgent.ControlGroups;
using JustRunIt.HostAgent.Machines;
using JustRunIt.HostAgent.Tests.Compliance;

namespace JustRunIt.HostAgent.Tests;

/// <summary>
/// Whose a command is for, and whether it is still wanted, is looked at when its turn has come: not only when it arrives, while what it
/// is for is not there yet. Needs root.
/// </summary>
public sealed class AuthorityTests : IAsyncLifetime
{
    private const string Operator = "operator-ann";
    private static readonly GroupPath Clone = GroupPath.Of("sandbox-1", "clone");
    private static readonly VmAllocation Less = new(new CpuShare(0.1));

    private Agent agent = null!;

    public async Task InitializeAsync()
    {
        agent = new Agent("process");
        await agent.Vms.RecoverAsync(CancellationToken.None);
        await agent.RunAsync(agent.Specimen("server", 0.3));
    }

    public async Task DisposeAsync() => await agent.DisposeAsync();

    [Fact]
    public async Task A_clone_that_is_being_made_for_somebody_else_is_neither_destroyed_nor_capped()
    {
        var making = agent.CloneAsync("server", "clone");
        while (!making.IsCompleted && !agent.Groups.Children(GroupPath.Of("sandbox-1")).Contains("clone"))
            await Task.Delay(5);
        Assert.False(making.IsCompleted);
        var capping = agent.Vms.AllocateAsync("clone", Less, CancellationToken.None, Capping("clone", Operator));
        await BackEndCompliance.RefusedAsync(
            () => agent.Vms.DestroyAsync("clone", Operator, CancellationToken.None),
            $"subject: '{Operator}'; clone is a clone for 'matrix-1'");

        await making;

        await BackEndCompliance.RefusedAsync(() => capping, $"subject: '{Operator}'; clone is a clone for 'matrix-1'");
        Assert.Equal(0.3, agent.Groups.ReadCpu(Clone)!.Value.Cores, 3);
        await BackEndCompliance.RefusedAsync(
            () => agent.Vms.DestroyAsync("clone", Operator, CancellationToken.None), "clone is a clone for 'matrix-1'");
        Assert.True(await agent.Vms.DestroyAsync("clone", "matrix-1", CancellationToken.None));
    }

    [Fact]
    public async Task Nobody_calls_off_a_clone_that_somebody_else_will_ask_for()
    {
        await agent.Vms.DestroyAsync("clone", Operator, CancellationToken.None);
        await agent.CloneAsync("server", "clone");
        await agent.Vms.DestroyAsync("clone", "matrix-1", CancellationToken.None);
        await agent.Vms.DestroyAsync("clone", "matrix-1", CancellationToken.None);
        await BackEndCompliance.RefusedAsync(() => agent.CloneAsync("server", "clone"), "clone was destroyed on command");
    }

    [Fact]
    public async Task What_is_on_line_is_a_placements_to_command()
    {
        await BackEndCompliance.RefusedAsync(
            () => agent.Vms.AllocateAsync("server", Less, CancellationToken.None, Capping("server", "matrix-1")),
            "server is on-line, and only a placement may command it");
        await agent.Vms.AllocateAsync("server", Less, CancellationToken.None, Capping("server", Streams.DataCenter("dc")));
    }

    [Fact]
    public async Task A_command_that_expires_while_it_waits_for_others_is_not_carried_out()
    {
        // A clone's name is taken until it serves.
        var making = agent.CloneAsync("server", "clone");
        while (!making.IsCompleted && !agent.Groups.Children(GroupPath.Of("sandbox-1")).Contains("clone"))
            await Task.Delay(5);
        var soon = DateTimeOffset.UtcNow.AddMilliseconds(50);
        var capping = agent.Vms.AllocateAsync(
            "clone", Less, CancellationToken.None, Capping("clone", "matrix-1") with { ExpiresAt = soon });
        await making;
        await BackEndCompliance.RefusedAsync(() => capping, "expired");
        Assert.Equal(0.3, agent.Groups.ReadCpu(Clone)!.Value.Cores, 3);

        var moving = new MigrateVm(
            Streams.DataCenter("dc"), Guid.NewGuid(), agent.Settings.Agent, "server", "host-1", "host-2", null, soon);
        await BackEndCompliance.RefusedAsync(
            () => agent.Vms.MigrateAsync("server", "host-2", CancellationToken.None, moving), "expired");
        await BackEndCompliance.RefusedAsync(
            () => agent.Vms.SendAsync("server", Stream.Null, CancellationToken.None, moving), "expired");
        Assert.Equal("host-1", agent.Vms.List().Single(vm => vm.Name == "server").Machine);
        await agent.Vms.DestroyAsync("clone", "matrix-1", CancellationToken.None);
    }

    private SetAllocation Capping(string vm, string subject) =>
        new(subject, Guid.NewGuid(), agent.Settings.Agent, vm, Allocation.Of(Less.Cpu));
}
