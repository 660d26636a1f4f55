using System.Diagnostics;
using JustRunIt.Events.Hosts;
using JustRunIt.Events.Quantities;
using JustRunIt.HostAgent.ControlGroups;
using JustRunIt.HostAgent.Machines;
using JustRunIt.HostAgent.Processes;
using JustRunIt.HostAgent.Tests.Compliance;

namespace JustRunIt.HostAgent.Tests;

/// <summary>
/// Unknown never means kill: what the agent's records do not explain runs on, untouched, told and counted, until it ends or an operator
/// says what it is (docs/decisions/0029-unknown-is-left-running.md). Needs root.
/// </summary>
public sealed class QuarantineTests : IAsyncLifetime
{
    private static readonly GroupPath Server = GroupPath.Of("host-1", "server");

    private Agent agent = null!;
    private RunningVm vm = null!;

    private string Record => Path.Combine(agent.Settings.StateFolder, "running.json");

    public async Task InitializeAsync()
    {
        agent = new Agent("process");
        await agent.Vms.RecoverAsync(CancellationToken.None);
        vm = await agent.RunAsync(agent.Specimen("server", 0.3));
    }

    public async Task DisposeAsync()
    {
        foreach (var unknown in agent.Vms.Quarantined)
            await agent.Vms.EndQuarantinedAsync(unknown.Name, CancellationToken.None);
        await agent.DisposeAsync();
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("[null]")]
    [InlineData("[{}]")]
    [InlineData("[{\"name\": 7}]")]
    [InlineData("[{\"cpu\": -1, \"memory\": -1}]")]
    [InlineData("[]")]
    [InlineData("{\"record\":\"running\",\"version\":2,\"owner\":null,\"content\":{}}")]
    [InlineData("{\"record\":\"base-power\",\"version\":1,\"owner\":null,\"content\":{}}")]
    [InlineData("{\"record\":\"running\",\"version\":1,\"owner\":\"another\",\"content\":{\"running\":[]}}")]
    [InlineData("{\"record\":\"running\",\"version\":1,\"owner\":null,\"content\":"
        + "{\"running\":[{}],\"beginning\":[],\"ending\":[],\"quarantined\":[]}}")]
    public async Task Without_any_record_that_can_be_read_what_runs_goes_on_told_counted_and_with_its_name(string text)
    {
        await File.WriteAllTextAsync(Record, text);
        await File.WriteAllTextAsync(Record + ".1", text);

        await agent.RestartAsync();

        Assert.True(ProcessTable.Runs(vm.ProcessId, vm.ProcessStart));
        using (var server = new Asking(vm.Endpoint))
            Assert.Equal(1, await server.CountAsync());
        Assert.Empty(agent.Vms.List());
        var unknown = Assert.Single(agent.Vms.Quarantined);
        Assert.Equal(("server", "host-1", 0.3), (unknown.Name, unknown.Machine, Math.Round(unknown.Cpu.Cores, 3)));
        Assert.Contains(
            agent.Vms.Troubles.Told, line => line.StartsWith("server: ", StringComparison.Ordinal) && line.Contains("quarantine"));
        Assert.Equal(0.3, agent.Groups.ReadCpu(Server)!.Value.Cores, 3);

        // Its name and what it has are taken.
        await BackEndCompliance.RefusedAsync(() => agent.RunAsync(agent.Specimen("server", 0.1)), "in quarantine");
        await BackEndCompliance.RefusedAsync(() => agent.RunAsync(agent.Specimen("more", 0.8)), "cpu: 80 % for more is more than machine");
        var other = await agent.RunAsync(agent.Specimen("other", 0.2));
        await BackEndCompliance.RefusedAsync(() => agent.CloneAsync("other", "server"), "in quarantine");

        // Nothing tells how it was started; it is ended when an operator says so, and after another start all is as it was.
        await BackEndCompliance.RefusedAsync(
            async () => await agent.Vms.AdoptAsync("server", CancellationToken.None), "nothing tells how it was started");
        await agent.RestartAsync();
        Assert.Equal("server", Assert.Single(agent.Vms.Quarantined).Name);
        Assert.Equal(other.ProcessId, Assert.Single(agent.Vms.List()).ProcessId);
        await agent.Vms.EndQuarantinedAsync("server", CancellationToken.None);
        Assert.False(ProcessTable.Runs(vm.ProcessId, vm.ProcessStart));
        Assert.Empty(agent.Vms.Quarantined);
        await agent.RunAsync(agent.Specimen("server", 0.1));
    }

    [Theory]
    [InlineData("")]
    [InlineData("{\"record\":\"running\"")]
    public async Task A_record_that_was_cut_off_is_kept_beside_and_the_one_before_serves(string text)
    {
        // So that the record before the last one has it.
        await agent.Vms.AllocateAsync("server", new VmAllocation(new CpuShare(0.4)), CancellationToken.None);
        await File.WriteAllTextAsync(Record, text);

        await agent.RestartAsync();

        Assert.Empty(agent.Vms.Quarantined);
        Assert.Equal(vm.ProcessId, Assert.Single(agent.Vms.List()).ProcessId);
        Assert.Contains("running.json.1 is read in its place", Assert.Single(agent.Vms.Troubles.Told));
        Assert.Equal(text, await File.ReadAllTextAsync(Record + ".unreadable"));
    }

    [Fact]
    public async Task A_record_that_is_gone_is_no_order_to_end_what_runs()
    {
        File.Delete(Record);
        File.Delete(Record + ".1");
        await agent.RestartAsync();
        Assert.Equal("server", Assert.Single(agent.Vms.Quarantined).Name);
        Assert.True(ProcessTable.Runs(vm.ProcessId, vm.ProcessStart));
    }

    [Fact]
    public async Task An_older_record_ends_nothing_that_is_something_else_by_now()
    {
        // It says that a server of that name is being started, and one to be ended; both are long on-line.
        var file = new StateFile(agent.Settings);
        var stale = HostRecord.Empty with
        {
            Beginning = [new Beginning("server", "host-1")],
            Ending = [vm with { ProcessId = 1, ProcessStart = 1 }],
        };
        file.Save(stale);
        file.Save(stale);
        await File.WriteAllTextAsync(Record, "{");
        await agent.RestartAsync();
        Assert.True(ProcessTable.Runs(vm.ProcessId, vm.ProcessStart));
        Assert.Equal("server", Assert.Single(agent.Vms.Quarantined).Name);
    }

    [Fact]
    public async Task What_is_noted_can_be_taken_up_also_where_its_first_process_is_another_one()
    {
        var file = new StateFile(agent.Settings);
        file.Save(HostRecord.Empty with { Running = [vm with { ProcessId = 1, ProcessStart = 1 }] });
        await agent.RestartAsync();
        Assert.Contains("its first process 1 has ended, and others of its group have not", Assert.Single(agent.Vms.Quarantined).Reason);

        var adopted = await agent.Vms.AdoptAsync("server", CancellationToken.None);

        Assert.Equal((vm.ProcessId, vm.ProcessStart), (adopted.ProcessId, adopted.ProcessStart));
        Assert.Empty(agent.Vms.Quarantined);
        await agent.RestartAsync();
        Assert.Empty(agent.Vms.Troubles.Told);
        Assert.Equal(vm.ProcessId, Assert.Single(agent.Vms.List()).ProcessId);
    }

    [Fact]
    public async Task A_known_server_that_is_ended_on_command_is_told_and_one_that_nobody_knows_is_not()
    {
        var file = new StateFile(agent.Settings);
        file.Save(HostRecord.Empty with { Running = [vm with { ProcessId = 1, ProcessStart = 1 }] });
        await agent.RestartAsync();
        var exit = await agent.Vms.EndQuarantinedAsync("server", CancellationToken.None);
        Assert.Equal(("server", vm.Start.RequestId), (exit!.Vm.Name, exit.Vm.Start.RequestId));
        Assert.Equal(exit.MessageId, Assert.Single(await agent.RestartAsync()).MessageId);
        agent.Vms.Told(exit);
        Assert.Empty(await agent.RestartAsync());

        await agent.RunAsync(agent.Specimen("unknown", 0.1));
        File.Delete(Record);
        File.Delete(Record + ".1");
        await agent.RestartAsync();
        Assert.Null(await agent.Vms.EndQuarantinedAsync("unknown", CancellationToken.None));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_known_server_that_ends_in_quarantine_is_told_whether_an_agent_watches_or_not(bool watched)
    {
        var file = new StateFile(agent.Settings);
        file.Save(HostRecord.Empty with { Running = [vm with { ProcessId = 1, ProcessStart = 1 }] });
        await agent.RestartAsync();
        Assert.Equal("server", Assert.Single(agent.Vms.Quarantined).Name);
        VmExit exit;
        if (watched)
        {
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
            await using var exits = agent.Vms.ExitsAsync(patience.Token).GetAsyncEnumerator();
            var next = exits.MoveNextAsync();
            ProcessTable.End(agent.Groups.Processes(Server));
            Assert.True(await next);
            exit = exits.Current;
            Assert.Empty(agent.Vms.Quarantined);
        }
        else
        {
            ProcessTable.End(agent.Groups.Processes(Server));
            while (ProcessTable.Runs(vm.ProcessId, vm.ProcessStart))
                await Task.Delay(20);
            exit = Assert.Single(await agent.RestartAsync());
        }

        Assert.Equal(("server", vm.Start.RequestId), (exit.Vm.Name, exit.Vm.Start.RequestId));
        Assert.StartsWith("its processes, which were in quarantine, ended", exit.Reason);
        // Until it was told, the next start tells it.
        Assert.Equal(exit.MessageId, Assert.Single(await agent.RestartAsync()).MessageId);
        agent.Vms.Told(exit);
        Assert.Empty(await agent.RestartAsync());
    }

    [Fact]
    public async Task A_server_that_is_in_no_group_of_the_agents_is_not_taken_for_its_own()
    {
        using var stranger = Process.Start("sleep", "1000");
        try
        {
            var file = new StateFile(agent.Settings);
            var start = ProcessTable.StartOf(stranger.Id)!.Value;
            file.Save(file.Read().Content! with
            {
                Running = [vm, vm with { Name = "stranger", ProcessId = stranger.Id, ProcessStart = start }],
            });
            await agent.RestartAsync();
            Assert.Contains("in none of this agent's control groups", Assert.Single(agent.Vms.Quarantined).Reason);
            Assert.Equal("server", Assert.Single(agent.Vms.List()).Name);
            Assert.False(stranger.HasExited);

            // Nor ended, and what belongs to it stays with it.
            await BackEndCompliance.RefusedAsync(
                () => agent.Vms.EndQuarantinedAsync("stranger", CancellationToken.None),
                $"its process {stranger.Id} runs in none of this agent's control groups");
            Assert.False(stranger.HasExited);
            Assert.Equal("stranger", Assert.Single(agent.Vms.Quarantined).Name);
        }
        finally
        {
            stranger.Kill();
            await stranger.WaitForExitAsync();
        }
    }

    [Fact]
    public async Task What_has_ended_by_itself_is_no_longer_in_quarantine_and_what_ended_unwatched_is_told()
    {
        File.Delete(Record);
        File.Delete(Record + ".1");
        await agent.RestartAsync();
        var other = await agent.RunAsync(agent.Specimen("other", 0.2));
        ProcessTable.End(agent.Groups.Processes(Server));
        using (var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20)))
        {
            await using var exits = agent.Vms.ExitsAsync(patience.Token).GetAsyncEnumerator();
            var next = exits.MoveNextAsync();
            while (agent.Vms.Quarantined.Count > 0)
                await Task.Delay(20, patience.Token);
            await patience.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await next);
        }

        Assert.DoesNotContain("server", agent.Groups.Children(GroupPath.Of("host-1")));
        ProcessTable.End(agent.Groups.Processes(GroupPath.Of("host-1", "other")));
        while (ProcessTable.Runs(other.ProcessId, other.ProcessStart))
            await Task.Delay(20);
        var exit = Assert.Single(await agent.RestartAsync());
        Assert.Equal("other", exit.Vm.Name);
        Assert.StartsWith("its processes ended while no agent watched", exit.Reason);
        Assert.Empty(await agent.LeftAsync());
    }

    [Fact]
    public async Task A_clone_cannot_have_the_name_of_an_on_line_server_nor_a_server_that_of_a_clone()
    {
        await BackEndCompliance.RefusedAsync(
            () => agent.CloneAsync("server", "server"), "server: the name is that of an on-line server on machine host-1");
        await agent.CloneAsync("server", "clone");
        await BackEndCompliance.RefusedAsync(
            () => agent.RunAsync(agent.Specimen("clone", 0.1)), "clone: the name is that of a clone of server");
        await agent.RestartAsync();
        Assert.Equal(vm.ProcessId, Assert.Single(agent.Vms.List()).ProcessId);
        Assert.True(ProcessTable.Runs(vm.ProcessId, vm.ProcessStart));
    }

    [Fact]
    public async Task What_was_being_started_or_ended_when_the_agent_was_killed_is_ended_by_the_next_start()
    {
        foreach (var name in new[] { "starting", "ending" })
        {
            var group = GroupPath.Of("host-1", name);
            agent.Groups.Create(group);
            _ = Launcher.Start(Shell("sleep 1000"), "127.0.0.1:1", null, agent.Groups.EntryFiles(group), null, "/dev/null");
        }

        var file = new StateFile(agent.Settings);
        file.Save(file.Read().Content! with
        {
            Beginning = [new Beginning("starting", "host-1")],
            Ending = [vm with { Name = "ending", ProcessId = 1, ProcessStart = 1 }],
        });
        await agent.RestartAsync();
        Assert.Empty(agent.Vms.Troubles.Told);
        Assert.Equal(["server"], agent.Groups.Children(GroupPath.Of("host-1")));
        Assert.Equal(vm.ProcessId, Assert.Single(agent.Vms.List()).ProcessId);
    }

    [Fact]
    public async Task Processes_that_cannot_be_brought_together_run_on_where_they_are()
    {
        // Moved by halves, and the group that they came from takes none any more.
        var there = GroupPath.Of("host-2", "server");
        var child = Launcher.Start(Shell("exec sleep 1000"), "127.0.0.1:1", null, agent.Groups.EntryFiles(Server), null, "/dev/null");
        using (var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30)))
        {
            // Until then it enters its groups.
            while (!(await File.ReadAllTextAsync($"/proc/{child}/cmdline")).StartsWith("sleep", StringComparison.Ordinal))
                await Task.Delay(10, patience.Token);
        }

        agent.Groups.Create(there);
        foreach (var file in agent.Groups.EntryFiles(there))
            await File.WriteAllTextAsync(file, $"{vm.ProcessId}");
        agent.Groups.SetMemory(there, MemorySize.FromMebibytes(512));

        await agent.RestartAsync();

        Assert.Equal(("host-2", vm.ProcessId), (agent.Vms.List()[0].Machine, agent.Vms.List()[0].ProcessId));
        Assert.NotNull(ProcessTable.StartOf(child));
        Assert.Contains(child, agent.Groups.Processes(there));
    }

    private VmProgram Shell(string script) => agent.Specimen("x").Program with { Executable = "/bin/sh", Arguments = ["-c", script] };
}
