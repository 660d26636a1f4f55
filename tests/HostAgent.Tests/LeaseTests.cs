using JustRunIt.HostAgent.Machines;
using JustRunIt.HostAgent.Processes;
using JustRunIt.HostAgent.Tests.Compliance;

namespace JustRunIt.HostAgent.Tests;

/// <summary>
/// The end of a lease ends the clone that had it, and nothing that has its name by the time that it is looked at. Needs root.
/// </summary>
public sealed class LeaseTests : IAsyncLifetime
{
    private Agent agent = null!;
    private RunningVm server = null!;

    public async Task InitializeAsync()
    {
        agent = new Agent("process");
        await agent.Vms.RecoverAsync(CancellationToken.None);
        server = await agent.RunAsync(agent.Specimen("server", 0.3));
    }

    public async Task DisposeAsync() => await agent.DisposeAsync();

    [Fact]
    public async Task A_server_that_was_started_under_the_name_of_a_clone_whose_lease_has_ended_runs_on()
    {
        var over = DateTimeOffset.UtcNow.AddSeconds(-1);
        var origin = new CloneOrigin(agent.CloneOf("original", "server") with { LeaseUntil = over });
        foreach (var seen in new[] { server with { Origin = origin }, server with { Origin = origin, ProcessId = 1, ProcessStart = 1 } })
            Assert.False(await agent.Vms.EndLeaseAsync(seen, CancellationToken.None));
        Assert.True(ProcessTable.Runs(server.ProcessId, server.ProcessStart));
        Assert.Equal("server", Assert.Single(agent.Vms.List()).Name);
    }

    [Fact]
    public async Task A_clone_is_ended_with_its_own_lease_and_not_with_that_of_one_before_it()
    {
        await agent.CloneAsync("server", "leased");
        var clone = agent.Vms.List().Single(vm => vm.Origin is not null);
        Assert.False(await agent.Vms.EndLeaseAsync(clone, CancellationToken.None));
        Assert.True(ProcessTable.Runs(clone.ProcessId, clone.ProcessStart));
        await agent.Vms.StopAsync("leased", CancellationToken.None);

        var command = agent.CloneOf("server", "leased") with { LeaseUntil = DateTimeOffset.UtcNow.AddSeconds(-1) };
        await agent.Vms.CloneAsync(command, CancellationToken.None);
        var next = agent.Vms.List().Single(vm => vm.Origin is not null);
        Assert.False(await agent.Vms.EndLeaseAsync(clone, CancellationToken.None));
        Assert.True(await agent.Vms.EndLeaseAsync(next, CancellationToken.None));
        Assert.False(ProcessTable.Runs(next.ProcessId, next.ProcessStart));
        Assert.False(await agent.Vms.EndLeaseAsync(next, CancellationToken.None));
    }
}
