using JustRunIt.HostAgent.Configuration;
using JustRunIt.HostAgent.Tests.Compliance;

namespace JustRunIt.HostAgent.Tests;

/// <summary>A container without an image finds where it starts what the host has there. Needs root, CRIU and btrfs.</summary>
[BackEnd("container")]
public sealed class ContainerFolderTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("justrunit-folder-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [ComplianceFact]
    public async Task It_starts_nothing_where_others_write_and_starts_in_a_folder_of_its_agents()
    {
        var allowed = new Allowed([new AllowedProgram("dotnet", ["**"], ["DOTNET_gcServer"])], [], [Allowed.OwnUser]);
        await using var agent = new Agent("container", settings => settings with { Allowed = allowed });
        await agent.Vms.RecoverAsync(CancellationToken.None);
        var specimen = agent.Specimen("server", 0.3);
        await BackEndCompliance.RefusedAsync(
            () => agent.RunAsync(specimen with { Program = specimen.Program with { WorkingDirectory = "/tmp" } }),
            "program.workingDirectory: '/tmp' (others can write to /tmp); allowed is");
        Assert.Empty(await agent.LeftAsync());
        var vm = await agent.RunAsync(specimen with { Program = specimen.Program with { WorkingDirectory = folder } });
        Assert.Equal(folder, new DirectoryInfo($"/proc/{vm.ProcessId}/cwd").LinkTarget);
        await agent.Vms.StopAsync("server", CancellationToken.None);
    }
}
