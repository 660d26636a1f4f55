using System.Net.Sockets;
using System.Text.Json.Nodes;
using JustRunIt.Events.Hosts;
using JustRunIt.Events.Quantities;
using JustRunIt.HostAgent.Machines;
using JustRunIt.HostAgent.Networks;
using JustRunIt.HostAgent.VirtualMachines;

namespace JustRunIt.HostAgent.Tests.Compliance;

/// <summary>The virtual machine back end: what every one must do, and that a live clone is the original.</summary>
[BackEnd("vm")]
public sealed class VmComplianceTests : LiveCloneCompliance
{
    protected override IReadOnlyList<string> Phases => ["network", "start", "copy", "pause", "health"];

    protected override IReadOnlyList<string> SendPhases => ["offer", "copy", "pause", "decide", "given", "forgotten"];

    protected override IReadOnlyList<string> ReceivePhases => ["prepare", "copy", "loaded", "land", "landed"];

    /// <summary>Emulated, a minute and a half of both processors: with the moves' kills.</summary>
    [ComplianceFact]
    [Trait("Category", "Chaos")]
    public override Task After_a_kill_in_any_phase_of_a_clone_the_next_start_leaves_nothing_of_it_and_the_original_was_never_touched() =>
        base.After_a_kill_in_any_phase_of_a_clone_the_next_start_leaves_nothing_of_it_and_the_original_was_never_touched();

    [ComplianceFact]
    public async Task Overlays_that_clones_leave_are_merged_and_the_next_clone_has_the_disk()
    {
        var vm = await Host.RunAsync(await WithFilesAsync(Host.Specimen("original")));
        using var server = new Asking(vm.Endpoint);
        foreach (var round in new[] { "a", "b", "c" })
        {
            await server.PostAsync($"/file/journal/{round}");
            var result = await Host.CloneAsync("original", "clone");
            using (var copy = new Asking(result.Endpoint))
                Assert.Equal(await server.GetAsync("/file/journal"), await copy.GetAsync("/file/journal"));
            await Host.Vms.StopAsync("clone", CancellationToken.None);
            Assert.Single(Directory.GetFiles(Path.Combine(Host.Settings.StateFolder, "machines"), "*.qcow2"));
        }

        Assert.Equal("abc", await server.GetAsync("/file/journal"));
        await Host.RestartAsync();
        Assert.Equal("abc", await server.GetAsync("/file/journal"));
        await Host.Vms.StopAsync("original", CancellationToken.None);
        Assert.Empty(await Host.LeftAsync());
    }

    [ComplianceFact]
    public async Task Memory_is_the_guests_and_what_it_cannot_have_is_refused()
    {
        await Host.RunAsync(Host.Specimen("original", 0.4));
        var set = await Host.Vms.AllocateAsync(
            "original", new VmAllocation(new CpuShare(0.4), MemorySize.FromMebibytes(500)), CancellationToken.None);
        Assert.Equal(MemorySize.FromMebibytes(500), set.Memory);
        await RefusedAsync(
            () => Host.Vms.AllocateAsync(
                "original", new VmAllocation(new CpuShare(0.4), MemorySize.FromMebibytes(800)), CancellationToken.None),
            "memory: 800 MiB for original is more than the 768 MiB that it was booted with");
        Assert.Equal(MemorySize.FromMebibytes(500), Host.Vms.List()[0].Memory);
    }

    [ComplianceFact]
    public async Task What_a_guest_lacks_is_named()
    {
        var start = Host.Specimen("original");
        await RefusedAsync(() => Host.RunAsync(
            start with { Program = start.Program with { Arguments = ["initrd=/no/such"] } }), "arguments: initrd: '/no/such' is not there");
        await RefusedAsync(
            () => Host.RunAsync(start with { Program = start.Program with { Image = "/no/such" } }), "image: '/no/such' is not there");
        await RefusedAsync(() => Host.RunAsync(
            start with { Program = start.Program with { Executable = "disk" } }), "image: missing; executable 'disk' boots it");
        Assert.Empty(await Host.LeftAsync());
    }

    [ComplianceFact]
    public async Task An_original_that_a_dead_agent_left_in_the_middle_of_a_copy_goes_on_and_nothing_of_the_copy_is_left()
    {
        var vm = await Host.RunAsync(await WithFilesAsync(Host.Specimen("original", heapMebibytes: 50)));
        using var server = new Asking(vm.Endpoint);
        var machines = Path.Combine(Host.Settings.StateFolder, "machines");
        foreach (var stops in new[] { false, true })
        {
            // A receiver that takes nothing: the copy is under way for good.
            var socket = Path.Combine(machines, "clone.incoming");
            using var receiver = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            receiver.Bind(new UnixDomainSocketEndPoint(socket));
            receiver.Listen();
            await using (var qemu = await QmpClient.OpenAsync(Path.Combine(machines, "original.qmp"), () => null, CancellationToken.None))
            {
                await qemu.ExecuteAsync("migrate", new JsonObject { ["uri"] = $"unix:{socket}" }, CancellationToken.None);
                if (stops)
                    await qemu.ExecuteAsync("stop", null, CancellationToken.None);
            }

            await File.WriteAllTextAsync(Path.Combine(machines, "clone.0.qcow2"), "");
            await Host.Networks.CreateAsync(outProxy: null);
            await Host.RestartAsync();
            Assert.Equal(stops ? 2 : 1, await server.CountAsync());
            Assert.Single(await Host.Networks.ListAsync());
            Assert.Equal(
                ["original.0.qcow2", "original.qmp"], Directory.GetFiles(machines).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        }

        await Host.CloneAsync("original", "clone");
        await Host.Vms.StopAsync("clone", CancellationToken.None);
        await Host.Vms.StopAsync("original", CancellationToken.None);
        Assert.Empty(await Host.LeftAsync());
    }

    internal override VmProgram Dying(VmProgram program) => program with
    {
        // The guest's first process ends, and says so on the console.
        Arguments = [.. program.Arguments, "LAST_WORDS=cannot_read_the_licence"],
    };

    internal override Task<StartVm> WithFilesAsync(StartVm start) => WithDiskAsync(Host, start);

    /// <summary>With a disk of its own.</summary>
    internal static async Task<StartVm> WithDiskAsync(Agent host, StartVm start)
    {
        Directory.CreateDirectory(host.Settings.StateFolder);
        var image = Path.Combine(host.Settings.StateFolder, "image.raw");
        await using (var file = File.Create(image))
            file.SetLength(8 << 20);
        return start with { Program = start.Program with { Image = image } };
    }
}
