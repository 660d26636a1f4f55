using JustRunIt.Events.Hosts;
using JustRunIt.HostAgent.Machines;
using JustRunIt.HostAgent.Moving;
using JustRunIt.HostAgent.Processes;
using JustRunIt.HostAgent.Tests.Compliance;

namespace JustRunIt.HostAgent.Tests;

/// <summary>
/// An agent that is killed during its start is like one that was killed before it: the next one finds all that there was to do. Needs
/// root.
/// </summary>
public sealed class KilledWhileStartingTests : IAsyncLifetime
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("justrunit-record-");
    private Agent agent = null!;
    private RunningVm vm = null!;

    public async Task InitializeAsync()
    {
        agent = new Agent("process");
        await agent.Vms.RecoverAsync(CancellationToken.None);
        vm = await agent.RunAsync(agent.Specimen("server", 0.3));
    }

    public async Task DisposeAsync()
    {
        folder.Delete(recursive: true);
        // With the back end that removes what it has made.
        await agent.RestartAsync();
        foreach (var unknown in agent.Vms.Quarantined)
            await agent.Vms.EndQuarantinedAsync(unknown.Name, CancellationToken.None);
        await agent.DisposeAsync();
    }

    [Fact]
    public void Whatever_is_saved_in_the_middle_of_a_start_has_all_that_was_noted_before_it()
    {
        var (file, noted) = Noted();
        var running = new RunningVms(file);
        running.Remember(file.Read());
        var arrived = vm with { Name = "arrived", ProcessId = 7 };
        running.Put(arrived);

        var read = file.Read();
        Assert.True(read.IsNewest);
        Assert.Equal(["arrived", "server", "clone"], read.Content!.Running.Select(one => one.Name));
        Assert.Equal(noted.Beginning, read.Content.Beginning);
        Assert.Equal(["ending"], read.Content.Ending.Select(one => one.Name));
        Assert.Equal(["unknown"], read.Content.Quarantined.Select(one => one.Name));
        Assert.Equal(noted.Untold[0].MessageId, Assert.Single(read.Content.Untold).MessageId);

        running.Settle();
        var settled = file.Read().Content!;
        Assert.Equal(["arrived"], settled.Running.Select(one => one.Name));
        Assert.Equal((0, 0, 0, 0), (
            settled.Beginning.Count, settled.Ending.Count, settled.Quarantined.Count, settled.Untold.Count));
    }

    [Fact]
    public async Task What_an_older_record_says_is_no_newest_word_after_a_start_that_was_killed()
    {
        var (file, noted) = Noted();
        file.Save(noted);
        await File.WriteAllTextAsync(Path.Combine(folder.FullName, "running.json"), "{");
        var reading = file.Read();
        Assert.False(reading.IsNewest);
        var running = new RunningVms(file);
        running.Remember(reading);
        running.Put(vm with { Name = "arrived", ProcessId = 7 });
        Assert.False(file.Read().IsNewest);
        running.Settle();
        Assert.True(file.Read().IsNewest);
    }

    [Theory]
    [InlineData("read")]
    [InlineData("arrivals")]
    [InlineData("ended")]
    [InlineData("swept")]
    [InlineData("saved")]
    public async Task Killed_after_any_step_of_its_start_it_loses_nothing_and_ends_what_it_was_to_end(string step)
    {
        await agent.CloneAsync("server", "clone");
        var clone = agent.Vms.List().Single(one => one.Name == "clone");
        await CrashHost.RunAndKillAsync(agent.Settings, [], $"recovery: {step}", TimeSpan.Zero);
        await CrashHost.RunAndKillAsync(agent.Settings, [], $"recovery: {step}", TimeSpan.Zero);

        var exits = await agent.RestartAsync();

        Assert.Equal(vm.ProcessId, Assert.Single(agent.Vms.List()).ProcessId);
        Assert.True(ProcessTable.Runs(vm.ProcessId, vm.ProcessStart));
        Assert.False(ProcessTable.Runs(clone.ProcessId, clone.ProcessStart));
        Assert.Empty(agent.Vms.Quarantined);
        Assert.Equal(["clone"], exits.Select(exit => exit.Vm.Name));
        Assert.Empty(await agent.LeftAsync(besides: vm));
    }

    [Fact]
    public async Task An_arrival_that_is_long_over_ends_no_server_that_has_its_name_by_now()
    {
        new Arrivals(agent.Settings).Save(Arrival(vm with { ProcessId = 1, ProcessStart = 1 }));

        await RestartAsync();

        Assert.Equal(vm.ProcessId, Assert.Single(agent.Vms.List()).ProcessId);
        Assert.True(ProcessTable.Runs(vm.ProcessId, vm.ProcessStart));
        Assert.Empty(Directory.GetFiles(Path.Combine(agent.Settings.StateFolder, "arrivals")));
    }

    [Fact]
    public async Task An_arrival_that_no_record_explains_is_in_quarantine_also_after_a_second_start()
    {
        new Arrivals(agent.Settings).Save(Arrival(vm));
        foreach (var record in new[] { "running.json", "running.json.1" })
            await File.WriteAllTextAsync(Path.Combine(agent.Settings.StateFolder, record), "{");
        for (var start = 0; start < 3; start++)
        {
            await RestartAsync();
            Assert.True(ProcessTable.Runs(vm.ProcessId, vm.ProcessStart));
            Assert.Equal("server", Assert.Single(agent.Vms.Quarantined).Name);
            Assert.Contains(agent.Vms.Troubles.Told, line => line.Contains("is on no record any more"));
        }
    }

    [Fact]
    public async Task What_came_and_ended_before_it_was_noted_is_told()
    {
        var arrival = Arrival(vm with { Name = "moved", ProcessId = 1, ProcessStart = 1 });
        new Arrivals(agent.Settings).Save(arrival);
        Directory.CreateDirectory(Path.GetDirectoryName(arrival.Offer.Record)!);
        await File.WriteAllTextAsync($"{arrival.Offer.Record}.given", "{}");

        var exits = await RestartAsync();

        Assert.Equal("moved", Assert.Single(exits).Vm.Name);
        Assert.Empty(Directory.GetFiles(Path.Combine(agent.Settings.StateFolder, "arrivals")));
    }

    /// <summary>With a back end that can take up what arrives.</summary>
    private async Task<IReadOnlyList<VmExit>> RestartAsync()
    {
        agent.Replace(agent.NewHost(new GivenBackEnd.Kind()));
        return await agent.Vms.RecoverAsync(CancellationToken.None);
    }

    private Arrival Arrival(RunningVm arrived) => new(
        arrived,
        new Handshake.Offer(
            Handshake.BootId,
            "process",
            arrived with { Network = 3 },
            Path.Combine(agent.Settings.StateFolder, "others", "moves", $"{arrived.Name}-{Guid.NewGuid():N}"),
            "jri-00000000-3",
            "justrunit_00000000_3"));

    private (StateFile File, HostRecord Noted) Noted()
    {
        var file = new StateFile(agent.Settings with { StateFolder = folder.FullName });
        var clone = vm with
        {
            Name = "clone",
            Origin = new CloneOrigin(new CloneVm(
                "matrix-1", Guid.NewGuid(), agent.Settings.Agent, "server", "clone", "sandbox-1", null, DateTimeOffset.UtcNow)),
        };
        var noted = new HostRecord(
            [vm, clone],
            [new Beginning("beginning", "host-1")],
            [vm with { Name = "ending", ProcessId = 1 }],
            [new Quarantined("unknown", "host-1", vm.Cpu, vm.Memory, "nobody knows", null)])
        {
            Untold = [new VmExit(vm with { Name = "untold", ProcessId = 2 }, "it ended")],
        };
        file.Save(noted);
        return (file, noted);
    }
}
