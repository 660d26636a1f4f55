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
    public async Task A_live_clone_has_the_originals_memory_files_addresses_names_and_a_clock_that_went_on()
    {
        var vm = await Host.RunAsync(Host.Specimen("original"));
        using var server = new Asking(vm.Endpoint);
        await server.PostAsync("/session/ann/basket-of-3");
        await server.PostAsync("/file/journal/one");
        for (var i = 1; i <= 5; i++)
            Assert.Equal(i, await server.CountAsync());
        var result = await Host.CloneAsync("original", "clone");
        await server.PostAsync("/session/ann/basket-of-4");
        await server.PostAsync("/file/journal/two");

        Assert.False(result.Cold);
        Assert.InRange(result.Pause, TimeSpan.FromTicks(1), TimeSpan.FromSeconds(30));
        Assert.True(result.BytesCopied > 1 << 20);
        using var copy = new Asking(result.Endpoint);
        Assert.Equal("basket-of-3", await copy.GetAsync("/session/ann"));
        Assert.Equal("one", await copy.GetAsync("/file/journal"));
        Assert.Equal(6, await copy.CountAsync());
        Assert.Equal(6, await server.CountAsync());
        Assert.Equal("onetwo", await server.GetAsync("/file/journal"));
        var (here, there) = ((await server.IdentityAsync())!, (await copy.IdentityAsync())!);
        Assert.Equal("original", here.Host);
        Assert.Equal(
            (here.Host, here.Listen, string.Join(' ', here.Addresses), string.Join(' ', here.Macs), here.ProcessId),
            (there.Host, there.Listen, string.Join(' ', there.Addresses), string.Join(' ', there.Macs), there.ProcessId));
        Assert.StartsWith(Assert.Single(here.Addresses), here.Listen);
        Assert.True(there.Now >= here.Now, "the clone's clock stands behind");
    }

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
