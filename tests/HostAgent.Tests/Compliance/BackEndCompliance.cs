using JustRunIt.Events.Hosts;
using JustRunIt.Events.Quantities;
using JustRunIt.HostAgent.ControlGroups;
using JustRunIt.HostAgent.Machines;
using JustRunIt.HostAgent.Processes;

namespace JustRunIt.HostAgent.Tests.Compliance;

/// <summary>What every back end must do, on this machine's own control groups, namespaces and file systems. Needs root.</summary>
public abstract class BackEndCompliance : IAsyncLifetime
{
    internal Agent Host { get; private set; } = null!;

    /// <summary>What a back end says while it clones: at each of these the agent is killed.</summary>
    protected abstract IReadOnlyList<string> Phases { get; }

    /// <summary>Whether a clone has files of its own, apart from the host's.</summary>
    protected abstract bool HasOwnFiles { get; }

    public async Task InitializeAsync()
    {
        var backEnd = (BackEndAttribute)Attribute.GetCustomAttribute(GetType(), typeof(BackEndAttribute))!;
        Host = new Agent(backEnd.Name);
        await Host.Vms.RecoverAsync(CancellationToken.None);
    }

    public async Task DisposeAsync() => await Host.DisposeAsync();

    [ComplianceFact]
    public async Task A_server_is_started_healthy_and_capped_and_twice_is_once()
    {
        var start = Host.Specimen("twice", 0.4);
        var vm = await Host.RunAsync(start);
        using var server = new Asking(vm.Endpoint);
        Assert.Equal("ok", await server.GetAsync("/health"));
        Assert.Equal(0.4, Host.Groups.ReadCpu(GroupPath.Of("host-1", "twice"))!.Value.Cores, 3);
        Assert.Equal(vm.ProcessId, (await Host.RunAsync(start)).ProcessId);
        Assert.Single(Host.Vms.List());
        await Host.Vms.StopAsync("twice", CancellationToken.None);
        Assert.False(ProcessTable.Runs(vm.ProcessId, vm.ProcessStart));
        Assert.Empty(await Host.LeftAsync());
    }

    [ComplianceFact]
    public async Task A_clone_serves_beside_its_original_and_twice_is_once_and_leaves_nothing()
    {
        var original = await Host.RunAsync(Host.Specimen("original"));
        using var server = new Asking(original.Endpoint);
        var command = Host.CloneOf("original", "clone");
        var clone = await Host.Vms.CloneAsync(command, CancellationToken.None);
        using var copy = new Asking(clone.Endpoint);
        Assert.Equal("ok", await copy.GetAsync("/health"));
        Assert.Equal("ok", await server.GetAsync("/health"));
        Assert.Equal(clone, await Host.Vms.CloneAsync(command, CancellationToken.None));
        Assert.NotEqual(original.Endpoint, clone.Endpoint);
        await Host.Vms.StopAsync("clone", CancellationToken.None);
        Assert.Equal("ok", await server.GetAsync("/health"));
        await Host.Vms.StopAsync("original", CancellationToken.None);
        Assert.Empty(await Host.LeftAsync());
    }

    [ComplianceFact]
    public async Task A_clone_that_is_destroyed_before_it_is_ready_or_asked_for_is_not_made_and_leaves_nothing()
    {
        var original = await Host.RunAsync(Host.Specimen("original"));
        using var server = new Asking(original.Endpoint);
        await Host.Vms.DestroyAsync("unwanted", "matrix-1", CancellationToken.None);
        await RefusedAsync(() => Host.CloneAsync("original", "unwanted"), "unwanted was destroyed on command before it was ready");
        var making = Host.CloneAsync("original", "early");
        while (!making.IsCompleted && !Host.Groups.Children(GroupPath.Of("sandbox-1")).Contains("early"))
            await Task.Delay(5);
        await Host.Vms.DestroyAsync("early", "matrix-1", CancellationToken.None);
        // It may have been ready just before.
        await Task.WhenAny(making);
        Assert.Equal(["original"], Host.Vms.List().Select(vm => vm.Name));
        Assert.Equal("ok", await server.GetAsync("/health"));
        await Host.Vms.StopAsync("original", CancellationToken.None);
        Assert.Empty(await Host.LeftAsync());
    }

    [ComplianceFact]
    public async Task A_clone_reaches_its_out_proxy_and_nothing_else()
    {
        await using var places = new Places();
        await using var outProxy = new TinyListener();
        var original = await Host.RunAsync(Host.Specimen("original", next: places.Production));
        var clone = await Host.CloneAsync("original", "clone", outProxy.Address);
        using var copy = new Asking(clone.Endpoint);
        var number = Host.Vms.List().First(vm => vm.Name == "clone").Network!.Value;
        var reached = new List<string>();
        foreach (var (by, to) in places.Forbidden(number, original, HasOwnFiles))
        {
            if (await copy.GetAsync($"/reach/{by}?to={Uri.EscapeDataString(to)}") == "reached")
                reached.Add($"{by} {to}");
        }

        Assert.Empty(reached);
        Assert.Equal("reached", await copy.GetAsync(
            $"/reach/tcp?to={OutProxySeenBy(Host.Vms.List(), "clone", places.Production, outProxy.Address)}"));
        Assert.Equal(0, places.Heard);
    }

    [ComplianceFact]
    public async Task An_allocation_is_set_and_read_back_on_both_and_what_does_not_fit_is_refused()
    {
        await Host.RunAsync(Host.Specimen("original", 0.5));
        await Host.CloneAsync("original", "clone");
        foreach (var vm in new[] { "original", "clone" })
        {
            Assert.Equal(0.3, (await AllocateAsync(vm, 0.3, MemorySize.FromMebibytes(700))).Cpu!.Value.Cores, 3);
            var refused = await Assert.ThrowsAsync<HostException>(() => AllocateAsync(vm, 1.1));
            Assert.Contains("110 %", refused.Message);
            Assert.Equal(0.3, Host.Vms.List().First(present => present.Name == vm).Cpu.Cores, 3);
        }

        await RefusedAsync(
            () => Host.RunAsync(Host.Specimen("large", 0.6, "host-2")),
            "cpu: 60 % for large is more than machine host-2 has left (50 % of 50 %)");
        await RefusedAsync(() => Host.RunAsync(Host.Specimen("lost", 0.1, "nowhere")), "machine nowhere is unknown");
        Assert.Contains("does not run here", (await Assert.ThrowsAsync<HostException>(() => AllocateAsync("nobody", 0.1))).Message);
        await RefusedAsync(() => Host.CloneAsync("nobody", "clone-2"), "virtual machine nobody does not run on a machine of agent");
        await RefusedAsync(
            () => Host.Vms.CloneAsync(Host.CloneOf("original", "clone-3", machine: "nowhere"), CancellationToken.None),
            "machine nowhere is unknown");
        Assert.Equal(2, Host.Vms.List().Count);
    }

    [ComplianceFact]
    public async Task A_server_that_cannot_be_started_is_refused_with_the_reason_and_leaves_nothing()
    {
        var program = Host.Specimen("x").Program;
        await RefusedAsync(
            () => Host.RunAsync(Host.Start("missing", "host-1", 0.1, program with { Executable = "/no/such/program" })),
            "executable: '/no/such/program' is not there");
        await RefusedAsync(
            () => Host.RunAsync(Host.Start("dying", "host-1", 0.1, Dying(program))), "cannot read the licence");
        Assert.Empty(await Host.LeftAsync());
    }

    [ComplianceFact]
    public async Task A_server_moves_to_another_machine_without_restart()
    {
        var vm = await Host.RunAsync(Host.Specimen("mover", 0.3));
        using var server = new Asking(vm.Endpoint);
        Assert.Equal(1, await server.CountAsync());
        await Host.Vms.MigrateAsync("mover", "host-2", CancellationToken.None);
        Assert.Equal(2, await server.CountAsync());
        Assert.Contains(vm.ProcessId, Host.Groups.Processes(GroupPath.Of("host-2", "mover")));
        Assert.Equal(0.3, Host.Groups.ReadCpu(GroupPath.Of("host-2", "mover"))!.Value.Cores, 3);
        await RefusedAsync(() => Host.Vms.MigrateAsync("nobody", "host-2", CancellationToken.None), "does not run here");
    }

    [ComplianceFact]
    public async Task What_ends_by_itself_is_told_of_once_original_or_clone()
    {
        await Host.RunAsync(Host.Specimen("original"));
        await Host.CloneAsync("original", "clone");
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(5));
        await using var exits = Host.Vms.ExitsAsync(patience.Token).GetAsyncEnumerator(patience.Token);
        foreach (var name in new[] { "clone", "original" })
        {
            ProcessTable.End([Host.Vms.List().First(vm => vm.Name == name).ProcessId]);
            Assert.True(await exits.MoveNextAsync());
            Assert.Equal(name, exits.Current.Vm.Name);
        }

        Assert.Empty(Host.Vms.List());
        Assert.Empty(await Host.LeftAsync());
    }

    [ComplianceFact]
    public async Task What_has_ended_is_told_by_the_next_agent_where_this_one_did_not_come_to_it()
    {
        await Host.RunAsync(Host.Specimen("server"));
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(5));
        VmExit seen;
        await using (var exits = Host.Vms.ExitsAsync(patience.Token).GetAsyncEnumerator(patience.Token))
        {
            ProcessTable.End([Host.Vms.List().First().ProcessId]);
            Assert.True(await exits.MoveNextAsync());
            seen = exits.Current;
        }

        // Killed before the bus had it, twice; then it is told.
        await Host.RestartAsync();
        var again = Assert.Single(await Host.RestartAsync());
        Assert.Equal((seen.Vm.Name, seen.Reason, seen.MessageId), (again.Vm.Name, again.Reason, again.MessageId));
        Host.Vms.Told(again);
        Assert.Empty(await Host.RestartAsync());
    }

    [ComplianceFact]
    public async Task After_a_restart_servers_go_on_clones_are_destroyed_and_what_nobody_knows_is_left_alone()
    {
        var vm = await Host.RunAsync(Host.Specimen("survivor"));
        using var server = new Asking(vm.Endpoint);
        Assert.Equal(1, await server.CountAsync());
        await Host.CloneAsync("survivor", "survivor-clone");
        var orphan = GroupPath.Of("host-1", "orphan");
        Host.Groups.Create(orphan);
        var sleep = Host.Specimen("x").Program with { Executable = "/bin/sh", Arguments = ["-c", "sleep 1000"] };
        _ = Launcher.Start(sleep, "127.0.0.1:1", null, Host.Groups.EntryFiles(orphan), null, "/dev/null");

        Assert.Equal("survivor-clone", Assert.Single(await Host.RestartAsync()).Vm.Name);
        Assert.Equal(vm.ProcessId, Assert.Single(Host.Vms.List()).ProcessId);
        Assert.Equal(2, await server.CountAsync());
        Assert.Equal("orphan", Assert.Single(Host.Vms.Quarantined).Name);
        Assert.NotEmpty(Host.Groups.Processes(orphan));
        await Host.Vms.EndQuarantinedAsync("orphan", CancellationToken.None);
        Assert.Equal(["survivor"], Host.Groups.Children(GroupPath.Of("host-1")));
        Assert.Empty(Host.Groups.Children(GroupPath.Of("sandbox-1")));
        await Host.CloneAsync("survivor", "another");
        await Host.Vms.StopAsync("another", CancellationToken.None);
        await Host.Vms.StopAsync("survivor", CancellationToken.None);
        Assert.Empty(await Host.LeftAsync());
    }

    [ComplianceFact]
    public virtual async Task After_a_kill_in_any_phase_of_a_clone_the_next_start_leaves_nothing_of_it_and_the_original_was_never_touched()
    {
        var vm = await Host.RunAsync(Host.Specimen("original"));
        using var server = new Asking(vm.Endpoint);
        var count = 0;
        foreach (var phase in Phases.Append("done"))
        {
            foreach (var delay in new[] { 0, 15, 60 })
            {
                await CrashHost.CloneAndKillAsync(Host.Settings, "original", phase, TimeSpan.FromMilliseconds(delay));
                await Host.RestartAsync();
                var left = await Host.LeftAsync(vm);
                Assert.True(left.Count == 0, $"killed {delay} ms after '{phase}' began: {string.Join("; ", left)}");
                Assert.Equal(vm.ProcessId, Assert.Single(Host.Vms.List()).ProcessId);
                Assert.Equal(++count, await server.CountAsync());
            }
        }

        await Host.CloneAsync("original", "clone");
    }

    [ComplianceFact]
    public async Task What_no_record_tells_runs_on_with_its_disk_and_network_and_is_known_again_with_its_record()
    {
        var vm = await Host.RunAsync(Host.Specimen("server", 0.4));
        using var server = new Asking(vm.Endpoint);
        Assert.Equal(1, await server.CountAsync());
        var file = Path.Combine(Host.Settings.StateFolder, "running.json");
        var sound = await File.ReadAllTextAsync(file);
        foreach (var record in new[] { file, file + ".1" })
            await File.WriteAllTextAsync(record, "{");
        foreach (var count in new[] { 2, 3 })
        {
            await Host.RestartAsync();
            Assert.Equal("server", Assert.Single(Host.Vms.Quarantined).Name);
            Assert.Empty(Host.Vms.List());
            Assert.Equal(count, await server.CountAsync());
        }

        await File.WriteAllTextAsync(file, sound);
        await Host.RestartAsync();
        Assert.Empty(Host.Vms.Quarantined);
        Assert.Equal(vm.ProcessId, Assert.Single(Host.Vms.List()).ProcessId);
        Assert.Equal(4, await server.CountAsync());
        await Host.CloneAsync("server", "clone");
        await Host.Vms.StopAsync("clone", CancellationToken.None);
        await Host.Vms.StopAsync("server", CancellationToken.None);
        Assert.Empty(await Host.LeftAsync());
    }

    [ComplianceFact]
    public async Task Agents_of_one_name_with_state_folders_of_their_own_leave_each_other_alone()
    {
        var backEnd = (BackEndAttribute)Attribute.GetCustomAttribute(GetType(), typeof(BackEndAttribute))!;
        await using var other = new Agent(backEnd.Name, Host.Settings.Agent, folder: Host.Settings.StateFolder.Replace(
            "justrunit-", "justrunit-other-", StringComparison.Ordinal));
        await other.Vms.RecoverAsync(CancellationToken.None);
        var here = await Host.RunAsync(Host.Specimen("twin", 0.3));
        await Host.CloneAsync("twin", "twin-clone");
        var there = await other.RunAsync(other.Specimen("twin", 0.3));
        await other.CloneAsync("twin", "twin-clone");
        using var ours = new Asking(here.Endpoint);
        using var theirs = new Asking(there.Endpoint);

        // A start after a crash: the agent that starts cleans up, the other one's servers and clones go on.
        Assert.Equal("twin-clone", Assert.Single(await other.RestartAsync()).Vm.Name);
        Assert.Equal("ok", await ours.GetAsync("/health"));
        Assert.Equal("ok", await theirs.GetAsync("/health"));
        using (var copy = new Asking(Host.Vms.List().First(vm => vm.Name == "twin-clone").Endpoint))
            Assert.Equal("ok", await copy.GetAsync("/health"));
        Assert.Equal(0.3, Host.Groups.ReadCpu(GroupPath.Of("host-1", "twin"))!.Value.Cores, 3);
        await Host.Vms.StopAsync("twin-clone", CancellationToken.None);
        await Host.Vms.StopAsync("twin", CancellationToken.None);
        Assert.Empty(await Host.LeftAsync());
        Assert.Equal("ok", await theirs.GetAsync("/health"));
        await other.Vms.StopAsync("twin", CancellationToken.None);
        Assert.Empty(await other.LeftAsync());
    }

    /// <summary>A program that ends at once, and says why.</summary>
    internal virtual VmProgram Dying(VmProgram program) =>
        program with { Executable = "/bin/sh", Arguments = ["-c", "echo cannot read the licence >&2; exit 3"] };

    /// <summary>The address at which a clone finds its out-proxy, as seen from inside.</summary>
    internal abstract string OutProxySeenBy(IReadOnlyList<RunningVm> running, string clone, string onlineNext, string outProxy);

    internal static async Task RefusedAsync(Func<Task> what, string reason)
    {
        var problem = await Assert.ThrowsAsync<HostException>(what);
        Assert.Contains(reason, problem.Message);
        Assert.DoesNotContain('\n', problem.Message);
    }

    private Task<VmAllocation> AllocateAsync(string vm, double cores, MemorySize? memory = null) =>
        Host.Vms.AllocateAsync(vm, new VmAllocation(new CpuShare(cores), memory), CancellationToken.None);
}
