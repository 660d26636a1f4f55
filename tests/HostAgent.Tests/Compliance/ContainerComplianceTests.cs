using JustRunIt.HostAgent.Hypervisors;
using JustRunIt.HostAgent.Networks;

namespace JustRunIt.HostAgent.Tests.Compliance;

/// <summary>The container back end: what every one must do, and that a live clone is the original.</summary>
[BackEnd("container")]
public sealed class ContainerComplianceTests : LiveCloneCompliance
{
    protected override IReadOnlyList<string> Phases => ["network", "images", "dump", "disk", "restore", "tidy", "health"];

    protected override IReadOnlyList<string> SendPhases => ["offer", "disk", "dump", "frozen", "decide", "given", "forgotten"];

    protected override IReadOnlyList<string> ReceivePhases => ["prepare", "disk", "rest", "restore", "loaded", "land", "landed"];

    [ComplianceFact]
    public async Task What_cannot_be_checkpointed_is_refused_in_the_tools_words_and_the_original_runs_on()
    {
        var vm = await Host.RunAsync(Host.Specimen("original"));
        using var server = new Asking(vm.Endpoint);
        await server.PostAsync("/uncheckpointable");
        await RefusedAsync(() => Host.CloneAsync("original", "clone"), "criu dump: ");
        Assert.Equal(1, await server.CountAsync());
        await Host.Hypervisor.StopAsync("original", CancellationToken.None);
        Assert.Empty(await Host.LeftAsync());
    }
}
