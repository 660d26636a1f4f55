using JustRunIt.HostAgent.Machines;
using JustRunIt.HostAgent.Moving;
using JustRunIt.HostAgent.Processes;
using JustRunIt.HostAgent.Tests.Compliance;

namespace JustRunIt.HostAgent.Tests;

/// <summary>
/// A record of a move is about the process that was given, and ends nothing else: not the server that came back, nor another one of its
/// name (docs/decisions/0022-moving.md). Needs root.
/// </summary>
public sealed class GivenAwayTests : IAsyncLifetime
{
    private Agent agent = null!;
    private RunningVm vm = null!;

    private string Records => Path.Combine(agent.Settings.StateFolder, "moves");

    public async Task InitializeAsync()
    {
        agent = new Agent("process");
        await agent.Vms.RecoverAsync(CancellationToken.None);
        vm = await agent.RunAsync(agent.Specimen("server", 0.3));
    }

    public async Task DisposeAsync() => await agent.DisposeAsync();

    [Theory]
    [InlineData("of another process, given")]
    [InlineData("of another process, taken")]
    [InlineData("of an earlier version")]
    [InlineData("of this process, forgotten")]
    public async Task A_record_that_stayed_behind_ends_no_server_that_has_the_name_by_now(string what)
    {
        var record = MoveRecord.New(Records, "server");
        Directory.CreateDirectory(Records);
        var content = new MoveRecord.Content("server", null);
        record.Offer(
            what switch
            {
                "of an earlier version" => content,
                "of this process, forgotten" => content with { ProcessId = vm.ProcessId, ProcessStart = vm.ProcessStart },
                _ => content with { ProcessId = vm.ProcessId, ProcessStart = vm.ProcessStart - 1 },
            },
            agent.Settings.Id);
        Assert.True(record.TryGive());
        if (what.EndsWith("taken", StringComparison.Ordinal))
            record.SayTaken();
        if (what.EndsWith("forgotten", StringComparison.Ordinal))
            record.SayForgotten();

        await agent.RestartAsync();

        Assert.True(ProcessTable.Runs(vm.ProcessId, vm.ProcessStart));
        Assert.Equal(vm.ProcessId, Assert.Single(agent.Vms.List()).ProcessId);
        Assert.Empty(agent.Vms.Quarantined);
    }

    [Fact]
    public async Task What_was_given_is_ended_by_the_next_start_where_it_still_runs()
    {
        var record = MoveRecord.New(Records, "server");
        Directory.CreateDirectory(Records);
        record.Offer(
            new MoveRecord.Content("server", null) { ProcessId = vm.ProcessId, ProcessStart = vm.ProcessStart }, agent.Settings.Id);
        Assert.True(record.TryGive());

        await agent.RestartAsync();

        Assert.False(ProcessTable.Runs(vm.ProcessId, vm.ProcessStart));
        Assert.Empty(agent.Vms.List());
        Assert.True(record.IsForgotten);
    }

    [Fact]
    public async Task A_record_that_cannot_be_read_ends_nothing_and_what_has_its_name_is_in_quarantine()
    {
        Directory.CreateDirectory(Records);
        var record = MoveRecord.New(Records, "server");
        await File.WriteAllTextAsync($"{record.Path}.given", "{");

        await agent.RestartAsync();

        Assert.True(ProcessTable.Runs(vm.ProcessId, vm.ProcessStart));
        Assert.Equal("server", Assert.Single(agent.Vms.Quarantined).Name);
        await agent.Vms.AdoptAsync("server", CancellationToken.None);
    }

    [Fact]
    public async Task What_cannot_be_removed_once_it_is_given_is_a_trouble_and_the_move_has_succeeded()
    {
        var host = agent.NewHost(new GivenBackEnd.Kind());
        await host.RecoverAsync(CancellationToken.None);

        using var connection = new MemoryStream();
        await host.SendAsync("server", connection, CancellationToken.None);

        Assert.Equal($"server, which was given to another agent: {GivenBackEnd.Reason}", Assert.Single(host.Troubles.Told));
        Assert.False(ProcessTable.Runs(vm.ProcessId, vm.ProcessStart));
        Assert.EndsWith(".forgotten", Assert.Single(Directory.GetFiles(Records)));
        await agent.RestartAsync();
        Assert.Empty(agent.Vms.List());
    }
}
