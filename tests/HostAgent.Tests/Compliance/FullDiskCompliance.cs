using JustRunIt.Events.Hosts;

namespace JustRunIt.HostAgent.Tests.Compliance;

/// <summary>What every back end must do on a file system that is full to the last byte. Needs root.</summary>
public abstract class FullDiskCompliance : IAsyncLifetime
{
    private SmallDisk disk = null!;

    internal Agent Host { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        var backEnd = (BackEndAttribute)Attribute.GetCustomAttribute(GetType(), typeof(BackEndAttribute))!;
        disk = await MakeAsync();
        Host = new Agent(backEnd.Name, folder: Path.Combine(disk.Folder, "agent"));
        await Host.Vms.RecoverAsync(CancellationToken.None);
    }

    public async Task DisposeAsync()
    {
        await Host.DisposeAsync();
        await disk.DisposeAsync();
    }

    [ComplianceFact]
    public async Task A_clone_is_refused_in_the_systems_words_the_original_runs_on_and_nothing_is_left()
    {
        var vm = await Host.RunAsync(await StartAsync());
        using var server = new Asking(vm.Endpoint);
        disk.Fill();

        await BackEndCompliance.RefusedAsync(() => Host.CloneAsync("original", "clone"), "No space left on device");

        Assert.Equal(1, await server.CountAsync());
        Assert.Equal(["original"], Host.Vms.List().Select(present => present.Name));
        Assert.Empty(await Host.LeftAsync(vm));
        disk.Empty();
        await Host.CloneAsync("original", "clone");
        await Host.Vms.StopAsync("clone", CancellationToken.None);
        Assert.Empty(await Host.LeftAsync(vm));
    }

    [ComplianceFact]
    public async Task What_cannot_be_noted_is_as_before_and_what_runs_can_be_stopped()
    {
        var vm = await Host.RunAsync(await StartAsync());
        disk.Fill();
        await BackEndCompliance.RefusedAsync(
            () => Host.Vms.MigrateAsync("original", "host-2", CancellationToken.None), "No space left on device");
        Assert.Equal("host-1", Assert.Single(Host.Vms.List()).Machine);
        Assert.Contains(vm.ProcessId, Host.Groups.Processes(HostAgent.ControlGroups.GroupPath.Of("host-1", "original")));
        await Host.Vms.StopAsync("original", CancellationToken.None);
        Assert.Empty(Host.Vms.List());
        Assert.Empty(await Host.LeftAsync());
        disk.Empty();
    }

    /// <summary>The disk that the agent keeps its state on.</summary>
    internal abstract Task<SmallDisk> MakeAsync();

    /// <summary>A server on it.</summary>
    internal virtual Task<StartVm> StartAsync() => Task.FromResult(Host.Specimen("original", 0.3));
}

/// <summary>The process back end.</summary>
[BackEnd("process")]
public sealed class ProcessFullDiskTests : FullDiskCompliance
{
    internal override Task<SmallDisk> MakeAsync() => SmallDisk.InMemoryAsync(1);
}

/// <summary>The container back end, whose disks are on the same file system.</summary>
[BackEnd("container")]
public sealed class ContainerFullDiskTests : FullDiskCompliance
{
    internal override Task<SmallDisk> MakeAsync() => SmallDisk.OfBtrfsAsync(256);
}

/// <summary>The virtual machine back end, whose disks are on the same file system.</summary>
[BackEnd("vm")]
public sealed class VmFullDiskTests : FullDiskCompliance
{
    internal override Task<SmallDisk> MakeAsync() => SmallDisk.InMemoryAsync(16);

    internal override Task<StartVm> StartAsync() => VmComplianceTests.WithDiskAsync(Host, Host.Specimen("original", 0.3));
}
