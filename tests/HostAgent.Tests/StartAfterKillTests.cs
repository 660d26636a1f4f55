using JustRunIt.Events.Quantities;
using JustRunIt.HostAgent.ControlGroups;
using JustRunIt.HostAgent.Machines;
using JustRunIt.HostAgent.Processes;
using JustRunIt.HostAgent.Tests.Compliance;

namespace JustRunIt.HostAgent.Tests;

/// <summary>
/// An agent may be killed between any two writes. Each test makes the state that this leaves behind by hand, and starts the next
/// agent. Needs root.
/// </summary>
public sealed class StartAfterKillTests : IAsyncLifetime
{
    private static readonly GroupPath Machine = GroupPath.Of("host-1");
    private static readonly GroupPath Server = GroupPath.Of("host-1", "server");
    private static readonly CpuShare All = new(Environment.ProcessorCount);

    private Agent agent = null!;
    private RunningVm vm = null!;

    public async Task InitializeAsync()
    {
        agent = new Agent("process");
        await agent.Vms.RecoverAsync(CancellationToken.None);
        vm = await agent.RunAsync(agent.Specimen("server", 0.3));
    }

    public async Task DisposeAsync() => await agent.DisposeAsync();

    /// <summary>
    /// Caps in cores, null for none, that a kill may leave machine and server with; and the period of both, in milliseconds.
    /// </summary>
    public static TheoryData<double?, double?, int> Left => new()
    {
        // Lifted for a copy: both, the server within its machine, and the machine alone before the server.
        { Environment.ProcessorCount, Environment.ProcessorCount, 10 },
        { 1, 1, 10 },
        { Environment.ProcessorCount, 0.3, 10 },
        // Between the writes of a quota and its period.
        { null, null, 10 },
        { 1, null, 10 },
        { null, Environment.ProcessorCount, 10 },
        { null, 0.3, 100 },
        // Another size of the cores, or another period, before the file was changed.
        { 0.2, 0.1, 10 },
        { Environment.ProcessorCount, Environment.ProcessorCount, 100 },
    };

    [Theory]
    [MemberData(nameof(Left))]
    public async Task Caps_are_in_force_again_whatever_was_lifted(double? machine, double? server, int milliseconds)
    {
        // Set as a kernel takes them: nothing capped above while it is changed below.
        agent.Groups.Uncap(Server);
        agent.Groups.Uncap(Machine);
        Leave(Machine, machine, milliseconds);
        Leave(Server, server, milliseconds);

        await agent.RestartAsync();

        Assert.Empty(agent.Vms.Troubles.Told);
        Assert.Equal(1, agent.Groups.ReadCpu(Machine)!.Value.Cores, 3);
        Assert.Equal(0.3, agent.Groups.ReadCpu(Server)!.Value.Cores, 3);
        Assert.Equal(vm.ProcessId, Assert.Single(agent.Vms.List()).ProcessId);
    }

    [Fact]
    public async Task A_clone_that_had_all_of_the_host_does_not_keep_its_machine_from_being_capped()
    {
        var orphan = GroupPath.Of("host-1", "clone");
        agent.Groups.Create(orphan);
        Leave(Machine, All.Cores, 10);
        Leave(orphan, All.Cores, 10);
        _ = Launcher.Start(Sleep(), "127.0.0.1:1", null, agent.Groups.EntryFiles(orphan), null, "/dev/null");
        var file = new StateFile(agent.Settings);
        file.Save(file.Read().Content! with { Beginning = [new Beginning("clone", "host-1")] });

        await agent.RestartAsync();

        Assert.Empty(agent.Vms.Troubles.Told);
        Assert.Equal(["server"], agent.Groups.Children(Machine));
        Assert.Equal(1, agent.Groups.ReadCpu(Machine)!.Value.Cores, 3);
    }

    [Fact]
    public async Task A_server_with_more_than_its_machine_has_by_now_is_capped_at_that_and_told_of()
    {
        await agent.Vms.AllocateAsync("server", new VmAllocation(new CpuShare(0.8)), CancellationToken.None);
        var there = GroupPath.Of("host-2", "server");
        agent.Groups.Create(there);
        agent.Groups.MoveProcesses(Server, there);

        await agent.RestartAsync();

        Assert.Equal(
            "server: it had 80 %, and its machine host-2 has 50 % now: it is capped at that", Assert.Single(agent.Vms.Troubles.Told));
        Assert.Equal(0.5, agent.Groups.ReadCpu(GroupPath.Of("host-2"))!.Value.Cores, 3);
        Assert.Equal(0.5, agent.Groups.ReadCpu(GroupPath.Of("host-2", "server"))!.Value.Cores, 3);
        Assert.Equal(new CpuShare(0.5), Assert.Single(agent.Vms.List()).Cpu);
    }

    [Fact]
    public async Task A_server_that_was_being_moved_to_another_machine_is_where_its_processes_are_and_runs_on()
    {
        var there = GroupPath.Of("host-2", "server");
        agent.Groups.Create(there);
        agent.Groups.MoveProcesses(Server, there);

        await agent.RestartAsync();

        Assert.Empty(agent.Vms.Troubles.Told);
        Assert.Equal(vm.ProcessId, Assert.Single(agent.Vms.List()).ProcessId);
        Assert.True(ProcessTable.Runs(vm.ProcessId, vm.ProcessStart));
        Assert.Contains(vm.ProcessId, agent.Groups.Processes(there));
        Assert.Equal("host-2", agent.Vms.List()[0].Machine);
        Assert.Empty(agent.Groups.Children(Machine));
    }

    [Fact]
    public async Task Whatever_else_of_its_files_cannot_be_read_is_told_and_the_server_goes_on()
    {
        var folder = agent.Settings.StateFolder;
        await File.WriteAllTextAsync(Path.Combine(folder, "frequencies.json"), "{");
        await File.WriteAllTextAsync(Path.Combine(folder, "base-power.json"), "{");
        Directory.CreateDirectory(Path.Combine(folder, "arrivals"));
        await File.WriteAllTextAsync(Path.Combine(folder, "arrivals", "other"), "null");
        await File.WriteAllTextAsync(Path.Combine(folder, "moves"), "no folder");

        await agent.RestartAsync();

        Assert.Equal(vm.ProcessId, Assert.Single(agent.Vms.List()).ProcessId);
        File.Delete(Path.Combine(folder, "moves"));
    }

    private void Leave(GroupPath group, double? cores, int milliseconds)
    {
        agent.Groups.SetCpu(group, new CpuShare(cores ?? 0.1), TimeSpan.FromMilliseconds(milliseconds));
        if (cores is null)
            agent.Groups.Uncap(group);
    }

    private Events.Hosts.VmProgram Sleep() => agent.Specimen("x").Program with { Executable = "/bin/sh", Arguments = ["-c", "sleep 1000"] };
}
