using System.Diagnostics;
using JustRunIt.Events.Hosts;
using JustRunIt.Events.Quantities;
using JustRunIt.HostAgent.ControlGroups;
using JustRunIt.HostAgent.Machines;
using JustRunIt.HostAgent.Networks;
using JustRunIt.HostAgent.Processes;

namespace JustRunIt.HostAgent.Tests;

/// <summary>The process back end on this machine's own control groups and namespaces. Needs root.</summary>
public sealed class ProcessBackEndTests(AgentFixture agent) : IClassFixture<AgentFixture>
{
    [Fact]
    public async Task A_server_is_started_healthy_and_capped_and_twice_is_once()
    {
        var start = agent.Calculator("twice", 0.2);
        var vm = await agent.Vms.StartAsync(start, CancellationToken.None);
        Assert.Equal(200, await StatusAsync(vm.Endpoint));
        Assert.Equal(0.2, agent.Groups.ReadCpu(GroupPath.Of("host-1", "twice"))!.Value.Cores, 3);
        var again = await agent.Vms.StartAsync(start, CancellationToken.None);
        Assert.Equal(vm.ProcessId, again.ProcessId);
        Assert.Single(agent.Vms.List(), present => present.Name == "twice");
        await agent.Vms.StopAsync("twice", CancellationToken.None);
        Assert.False(ProcessTable.Runs(vm.ProcessId, vm.ProcessStart));
        Assert.DoesNotContain("twice", agent.Groups.Children(GroupPath.Of("host-1")));
    }

    [Fact]
    public async Task Of_five_servers_that_are_started_at_once_only_so_many_run_as_fit()
    {
        var started = await Task.WhenAll(Enumerable.Range(0, 5).Select(async i =>
        {
            try
            {
                return await agent.Vms.StartAsync(agent.Calculator($"rush-{i}", 0.17, "host-2"), CancellationToken.None);
            }
            catch (HostException e)
            {
                Assert.Contains("more than machine host-2 has left (16 % of 50 %)", e.Message);
                return null;
            }
        }));
        Assert.Equal(2, started.Count(vm => vm is not null));
        foreach (var vm in started.OfType<RunningVm>())
            await agent.Vms.StopAsync(vm.Name, CancellationToken.None);
    }

    [Fact]
    public async Task A_server_whose_port_another_process_has_is_refused_and_not_called_healthy()
    {
        await using var other = new TinyListener();
        var start = agent.Calculator("late", 0.1);
        var taken = start with { Program = start.Program with { Listen = other.Address, HealthPath = null } };
        await RefusedAsync(taken, $"listen: '{other.Address}' is in use by another process of this host");
        Assert.DoesNotContain("late", agent.Groups.Children(GroupPath.Of("host-1")));
    }

    [Fact]
    public async Task Another_server_under_a_name_that_runs_is_refused_and_the_same_one_is_found()
    {
        var start = agent.Calculator("named", 0.1);
        var vm = await agent.Vms.StartAsync(start, CancellationToken.None);
        var again = await agent.Vms.StartAsync(
            start with { RequestId = Guid.NewGuid(), ExpiresAt = DateTimeOffset.UtcNow.AddHours(1) }, CancellationToken.None);
        Assert.Equal(vm.ProcessId, again.ProcessId);
        await RefusedAsync(agent.Calculator("named", 0.1), "vm: named runs already");
        var clone = new CloneVm(
            "matrix-1", Guid.NewGuid(), agent.Settings.Agent, "named", "named", "sandbox-1", null, DateTimeOffset.UtcNow.AddMinutes(5));
        await Assert.ThrowsAsync<HostException>(() => agent.Vms.CloneAsync(clone, CancellationToken.None));
        Assert.Equal(vm.ProcessId, agent.Vms.List().Single(present => present.Name == "named").ProcessId);
        await Assert.ThrowsAsync<HostException>(() => agent.Vms.DestroyAsync("named", "matrix-1", CancellationToken.None));
        await agent.Vms.StopAsync("named", CancellationToken.None);
    }

    [Fact]
    public async Task A_name_that_the_kernel_has_for_itself_is_refused_with_its_reason_and_leaves_nothing()
    {
        foreach (var name in new[] { "cgroup.procs", "tasks", "memory.max", "cpu.max" })
        {
            // One of both versions of control groups has it.
            try
            {
                await agent.Vms.StartAsync(agent.Calculator(name, 0.1), CancellationToken.None);
            }
            catch (HostException e)
            {
                Assert.Contains(name, e.Message);
            }

            await agent.Vms.StopAsync(name, CancellationToken.None);
            Assert.DoesNotContain(agent.Vms.List(), vm => vm.Name == name);
        }
    }

    [Theory]
    [InlineData(0.3)]
    [InlineData(0.6)]
    [InlineData(0.9)]
    public async Task A_cap_holds_and_lends_no_idle_time(double share)
    {
        var group = GroupPath.Of("host-1", "burner");
        agent.Groups.Create(group);
        agent.Groups.SetCpu(group, new CpuShare(share), agent.Settings.QuotaPeriod);
        // What else the machine does must not keep them from using it up.
        Favour(GroupPath.Root);
        // Two busy loops on two cores: together they may have no more than the share.
        var log = Path.Combine(Path.GetTempPath(), "justrunit-burner.log");
        _ = Launcher.Start(
            agent.Shell("while :; do :; done & while :; do :; done"), "127.0.0.1:1", null, agent.Groups.EntryFiles(group), null, log);
        try
        {
            // Every period in which the kernel held them back gave them exactly the quota, and no period gave more: this holds
            // however much of the machine others take meanwhile.
            await Task.Delay(300);
            // Time passes between one look and the next: periods are looked at on both sides of the time that was used.
            var first = agent.Groups.Throttling(group);
            var before = agent.Groups.CpuTime(group);
            var start = agent.Groups.Throttling(group);
            var (used, reached, now) = (TimeSpan.Zero, start, start);
            var patience = Stopwatch.StartNew();
            while (reached.Throttled - start.Throttled < 200 && patience.Elapsed < TimeSpan.FromMinutes(2))
            {
                await Task.Delay(200);
                reached = agent.Groups.Throttling(group);
                used = agent.Groups.CpuTime(group) - before;
                now = agent.Groups.Throttling(group);
            }

            Assert.True(reached.Throttled - start.Throttled >= 200, "two busy loops were hardly held back");
            var quota = share * agent.Settings.QuotaPeriod;
            Assert.InRange(used / quota, (reached.Throttled - start.Throttled) * 0.95, ((now.Periods - first.Periods) * 1.02) + 2);
        }
        finally
        {
            while (agent.Groups.Processes(group) is { Count: > 0 } left)
            {
                ProcessTable.End(left);
                await Task.Delay(20);
            }

            agent.Groups.Remove(group);
        }
    }

    [Fact]
    public async Task A_program_that_ends_at_once_is_refused_with_its_last_words_and_leaves_nothing()
    {
        var start = agent.Start("dying", "host-1", 0.1, agent.Shell("echo cannot read the licence >&2; exit 3"));
        var problem = await Assert.ThrowsAsync<HostException>(() => agent.Vms.StartAsync(start, CancellationToken.None));
        Assert.Equal("the program ended before it was healthy: cannot read the licence", problem.Message);
        Assert.DoesNotContain("dying", agent.Groups.Children(GroupPath.Of("host-1")));
    }

    [Fact]
    public async Task What_does_not_fit_or_exist_is_refused_by_name()
    {
        await RefusedAsync(agent.Calculator("a", 0.6, "host-2"), "cpu: 60 % for a is more than machine host-2 has left (50 % of 50 %)");
        await RefusedAsync(agent.Calculator("b", 0.1, "nowhere"), "machine nowhere is unknown");
        await RefusedAsync(agent.Start(
            "c", "host-1", 0.1, agent.Shell("") with { Executable = "/no/such/program" }), "executable: '/no/such/program' is not there");
        Assert.Contains("does not run here", (await Assert.ThrowsAsync<HostException>(
            () => agent.Vms.AllocateAsync("nobody", new VmAllocation(new CpuShare(0.1)), CancellationToken.None))).Message);
    }

    [Fact]
    public async Task An_allocation_is_set_on_a_running_server_and_read_back_and_a_server_moves_with_its_process()
    {
        var vm = await agent.Vms.StartAsync(agent.Calculator("mover", 0.2), CancellationToken.None);
        Assert.Equal(
            0.3, (await agent.Vms.AllocateAsync("mover", new VmAllocation(new CpuShare(0.3)), CancellationToken.None)).Cpu!.Value.Cores, 3);
        await Assert.ThrowsAsync<HostException>(
            () => agent.Vms.AllocateAsync("mover", new VmAllocation(new CpuShare(1.1)), CancellationToken.None));
        await agent.Vms.MigrateAsync("mover", "host-2", CancellationToken.None);
        Assert.Contains(vm.ProcessId, agent.Groups.Processes(GroupPath.Of("host-2", "mover")));
        Assert.Equal(0.3, agent.Groups.ReadCpu(GroupPath.Of("host-2", "mover"))!.Value.Cores, 3);
        Assert.Equal(200, await StatusAsync(vm.Endpoint));
        await agent.Vms.StopAsync("mover", CancellationToken.None);
    }

    [Fact]
    public async Task A_server_that_ends_by_itself_is_told_of_once()
    {
        var vm = await agent.Vms.StartAsync(agent.Calculator("victim", 0.1), CancellationToken.None);
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        await using var exits = agent.Vms.ExitsAsync(patience.Token).GetAsyncEnumerator();
        ProcessTable.End([vm.ProcessId]);
        Assert.True(await exits.MoveNextAsync());
        Assert.Equal("victim", exits.Current.Vm.Name);
        agent.Vms.Told(exits.Current);
        Assert.DoesNotContain(agent.Vms.List(), present => present.Name == "victim");
    }

    [Fact]
    public async Task A_clone_reaches_its_out_proxy_and_nothing_else_and_twice_is_once()
    {
        await using var outProxy = new TinyListener();
        await using var forbidden = new TinyListener();
        await agent.Vms.StartAsync(agent.Calculator("original", 0.2), CancellationToken.None);
        var command = Clone("original", "its-clone", outProxy.Address);
        var clone = await agent.Vms.CloneAsync(command, CancellationToken.None);
        Assert.Equal(200, await StatusAsync(clone.Endpoint));
        Assert.Equal(clone.Endpoint, (await agent.Vms.CloneAsync(command, CancellationToken.None)).Endpoint);
        var number = Assert.Single(await agent.Networks.ListAsync());
        var inside = agent.Networks.Namespace(number);
        var host = SandboxNetworks.HostAddress(number);

        Assert.True(await ReachesAsync(inside, host, outProxy.Port));
        Assert.False(await ReachesAsync(inside, host, forbidden.Port));
        Assert.False(await ReachesAsync(inside, "127.0.0.1", forbidden.Port));
        Assert.False(await ReachesAsync(inside, "8.8.8.8", 53));
        Assert.False(await ReachesAsync(inside, "::1", outProxy.Port));
        Assert.Equal("", (await Tool.RunAsync("ip", $"-netns {inside} route show default")).Trim());

        await agent.Vms.StopAsync("its-clone", CancellationToken.None);
        Assert.Empty(await agent.Networks.ListAsync());
        Assert.DoesNotContain(agent.Networks.Table(number), await Tool.RunAsync("nft", "list tables"));
        await agent.Vms.StopAsync("original", CancellationToken.None);
    }

    [Fact]
    public async Task After_a_restart_servers_go_on_clones_are_destroyed_and_what_nobody_knows_is_left_alone()
    {
        await using var outProxy = new TinyListener();
        var vm = await agent.Vms.StartAsync(agent.Calculator("survivor", 0.1), CancellationToken.None);
        await agent.Vms.CloneAsync(Clone("survivor", "survivor-clone", outProxy.Address), CancellationToken.None);
        var orphan = GroupPath.Of("host-1", "orphan");
        agent.Groups.Create(orphan);
        _ = Launcher.Start(agent.Shell("sleep 1000"), "127.0.0.1:1", null, agent.Groups.EntryFiles(orphan), null, "/dev/null");

        var next = agent.NewAgent();
        var destroyed = await next.RecoverAsync(CancellationToken.None);
        agent.Replace(next);
        Assert.Equal("survivor-clone", Assert.Single(destroyed).Vm.Name);
        Assert.Equal(vm.ProcessId, Assert.Single(next.List(), present => present.Name == "survivor").ProcessId);
        Assert.Equal(200, await StatusAsync(vm.Endpoint));
        Assert.Empty(await agent.Networks.ListAsync());
        Assert.Equal("orphan", Assert.Single(next.Quarantined).Name);
        await next.EndQuarantinedAsync("orphan", CancellationToken.None);
        Assert.DoesNotContain("orphan", agent.Groups.Children(GroupPath.Of("host-1")));
        Assert.Empty(agent.Groups.Children(GroupPath.Of("sandbox-1")));
        await next.StopAsync("survivor", CancellationToken.None);
    }

    /// <summary>Lets a group have CPU time before others of the same level: in version 1 by shares, in version 2 by weight.</summary>
    private void Favour(GroupPath group)
    {
        var folder = Path.GetDirectoryName(agent.Groups.EntryFiles(group)[0])!;
        var shares = Path.Combine(folder, "cpu.shares");
        if (File.Exists(shares))
            File.WriteAllText(shares, "262144");
        else
            File.WriteAllText(Path.Combine(folder, "cpu.weight"), "10000");
    }

    private CloneVm Clone(string vm, string name, string next) => new(
        "matrix-1", Guid.NewGuid(), agent.Settings.Agent, vm, name, "sandbox-1", next, DateTimeOffset.UtcNow.AddMinutes(5));

    private async Task RefusedAsync(StartVm start, string reason)
    {
        var problem = await Assert.ThrowsAsync<HostException>(() => agent.Vms.StartAsync(start, CancellationToken.None));
        Assert.Contains(reason, problem.Message);
    }

    private static async Task<int> StatusAsync(string endpoint)
    {
        using var http = new HttpClient();
        using var reply = await http.GetAsync($"http://{endpoint}/health");
        return (int)reply.StatusCode;
    }

    private static async Task<bool> ReachesAsync(string inside, string address, int port)
    {
        try
        {
            // bash's own TCP: no program of ours is needed inside.
            await Tool.RunAsync("ip", $"netns exec {inside} timeout 1 bash -c \"exec 3<>/dev/tcp/{address}/{port}\"");
            return true;
        }
        catch (HostException)
        {
            return false;
        }
    }
}
