using JustRunIt.Events.Quantities;
using JustRunIt.HostAgent.ControlGroups;
using JustRunIt.HostAgent.Machines;
using JustRunIt.HostAgent.Processes;
using JustRunIt.HostAgent.Tests.Compliance;

namespace JustRunIt.HostAgent.Tests;

/// <summary>Servers that make control groups of their own inside theirs, as container engines and systemd do. Needs root.</summary>
public sealed class OwnGroupsTests : IAsyncLifetime
{
    private static readonly GroupPath Server = GroupPath.Of("host-1", "server");

    private Agent agent = null!;
    private RunningVm vm = null!;

    public async Task InitializeAsync()
    {
        agent = new Agent("process");
        await agent.Vms.RecoverAsync(CancellationToken.None);
        vm = await agent.RunAsync(agent.Specimen("server", 0.3));
    }

    public async Task DisposeAsync() => await agent.DisposeAsync();

    [Fact]
    public async Task They_go_with_their_server_from_the_bottom_up()
    {
        foreach (var group in MakeOwn())
            await File.WriteAllTextAsync(Path.Combine(group, "cgroup.procs"), $"{vm.ProcessId}");

        // Its process is seen in them, also by the next agent.
        Assert.Contains(vm.ProcessId, agent.Groups.Processes(Server));
        await agent.RestartAsync();
        Assert.Equal(vm.ProcessId, Assert.Single(agent.Vms.List()).ProcessId);
        await BackEndCompliance.RefusedAsync(
            () => agent.Vms.MigrateAsync("server", "host-2", CancellationToken.None), "control groups of its own");

        await agent.Vms.StopAsync("server", CancellationToken.None);

        Assert.False(ProcessTable.Runs(vm.ProcessId, vm.ProcessStart));
        Assert.Empty(agent.Groups.Children(GroupPath.Of("host-1")));
        Assert.Empty(await agent.LeftAsync());
    }

    [Fact]
    public async Task Empty_ones_that_were_left_are_removed_by_the_next_start()
    {
        var left = GroupPath.Of("host-1", "left");
        agent.Groups.Create(left);
        foreach (var folder in Folders(left))
            Directory.CreateDirectory(Path.Combine(folder, "system.slice", "inner"));
        await agent.RestartAsync();
        Assert.Empty(agent.Vms.Troubles.Told);
        Assert.Equal(["server"], agent.Groups.Children(GroupPath.Of("host-1")));
    }

    [Fact]
    public async Task A_cap_that_a_server_gave_one_of_its_own_keeps_none_from_being_set()
    {
        foreach (var group in MakeOwn())
        {
            if (File.Exists(Path.Combine(group, "cpu.cfs_quota_us")))
                await File.WriteAllTextAsync(Path.Combine(group, "cpu.cfs_quota_us"), "29000");
        }

        var set = await agent.Vms.AllocateAsync("server", new VmAllocation(new CpuShare(0.1)), CancellationToken.None);
        Assert.Equal(0.1, set.Cpu!.Value.Cores, 3);
        await agent.RestartAsync();
        Assert.Empty(agent.Vms.Troubles.Told);
        Assert.Equal(0.1, agent.Groups.ReadCpu(Server)!.Value.Cores, 3);
    }

    [Fact]
    public async Task A_group_that_cannot_be_removed_is_told_and_the_rest_starts_with_its_caps()
    {
        // The kernel removes no folder that something is mounted on.
        var stray = GroupPath.Of("host-1", "stray");
        agent.Groups.Create(stray);
        agent.Groups.SetCpu(GroupPath.Of("host-1"), new CpuShare(Environment.ProcessorCount), agent.Settings.QuotaPeriod);
        agent.Groups.SetCpu(stray, new CpuShare(Environment.ProcessorCount), agent.Settings.QuotaPeriod);
        var inside = Path.Combine(Folders(stray)[0], "inside");
        Directory.CreateDirectory(inside);
        await Tool.RunAsync("mount", ["-t", "tmpfs", "justrunit-test", inside]);
        try
        {
            await agent.RestartAsync();

            Assert.Contains(agent.Vms.Troubles.Told, line => line.Contains("host-1/stray"));
            Assert.Equal(1, agent.Groups.ReadCpu(GroupPath.Of("host-1"))!.Value.Cores, 3);
            Assert.Equal(0.3, agent.Groups.ReadCpu(Server)!.Value.Cores, 3);
            Assert.Equal(vm.ProcessId, Assert.Single(agent.Vms.List()).ProcessId);
            await agent.RunAsync(agent.Specimen("another", 0.2));
        }
        finally
        {
            await Tool.RunAsync("umount", [inside]);
            agent.Groups.Remove(stray);
        }
    }

    [Fact]
    public async Task In_version_2_they_are_found_and_removed_too()
    {
        var mount = Path.Combine(agent.Settings.StateFolder, "unified");
        Directory.CreateDirectory(mount);
        await Tool.RunAsync("mount", ["-t", "cgroup2", "justrunit-test", mount]);
        try
        {
            var top = Path.Combine(mount, $"justrunit-test-{Guid.NewGuid():N}");
            var inner = Directory.CreateDirectory(Path.Combine(top, "system.slice", "inner.scope")).FullName;
            var process = Launcher.Start(
                agent.Specimen("x").Program with { Executable = "/bin/sleep", Arguments = ["1000"] }, "127.0.0.1:1", null,
                [Path.Combine(inner, "cgroup.procs")], null, "/dev/null");
            using (var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30)))
            {
                // It enters it by itself.
                while (!ControlGroupFiles.Processes(top).SequenceEqual([process]))
                    await Task.Delay(10, patience.Token);
            }

            ProcessTable.End([process]);
            ControlGroupFiles.Remove(top);
            Assert.False(Directory.Exists(top));
        }
        finally
        {
            await Tool.RunAsync("umount", ["--lazy", mount]);
        }
    }

    private List<string> MakeOwn()
    {
        var made = Folders(Server).Select(folder => Path.Combine(folder, "system.slice", "inner.scope")).ToList();
        foreach (var folder in made.SelectMany(inner => new[] { Path.GetDirectoryName(inner)!, inner }))
        {
            Directory.CreateDirectory(folder);
            foreach (var file in new[] { "cpuset.cpus", "cpuset.mems" }.Where(file => File.Exists(Path.Combine(folder, file))))
                File.WriteAllText(Path.Combine(folder, file), File.ReadAllText(Path.Combine(Path.GetDirectoryName(folder)!, file)));
        }

        return made;
    }

    private List<string> Folders(GroupPath group) =>
        [.. agent.Groups.EntryFiles(group).Select(file => Path.GetDirectoryName(file)!)];
}
