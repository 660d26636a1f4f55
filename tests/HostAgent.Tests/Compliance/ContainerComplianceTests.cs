using JustRunIt.HostAgent.Hypervisors;
using JustRunIt.HostAgent.Networks;

namespace JustRunIt.HostAgent.Tests.Compliance;

/// <summary>The container back end: what every one must do, and that a live clone is the original.</summary>
[BackEnd("container")]
public sealed class ContainerComplianceTests : HypervisorCompliance
{
    protected override IReadOnlyList<string> Phases => ["network", "images", "dump", "disk", "restore", "tidy", "health"];

    protected override bool HasOwnFiles => true;

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
    public async Task Connections_open_at_cloning_die_at_the_clone_alone_in_both_directions()
    {
        await using var next = new TinyListener();
        var vm = await Host.RunAsync(Host.Specimen("original", next: next.Address));
        using var server = new Asking(vm.Endpoint);
        Assert.Equal(1, await server.CountAsync());
        await server.PostAsync($"/connect?to={ContainerNetworks.InnerNext(vm.Network!.Value, next.Address)}");
        Assert.Equal("true", await server.GetAsync("/connected"));
        var result = await Host.CloneAsync("original", "clone");
        using var copy = new Asking(result.Endpoint);
        Assert.Equal("false", await copy.GetAsync("/connected"));
        Assert.Equal("true", await server.GetAsync("/connected"));
        Assert.Equal(2, await server.CountAsync());
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

    [ComplianceFact]
    public async Task Two_clones_of_one_original_serve_beside_each_other()
    {
        await Host.RunAsync(Host.Specimen("original", 0.4));
        var results = await Task.WhenAll(Host.CloneAsync("original", "clone-1"), Host.CloneAsync("original", "clone-2"));
        foreach (var result in results)
        {
            using var copy = new Asking(result.Endpoint);
            Assert.Equal(1, await copy.CountAsync());
        }
    }

    internal override string OutProxySeenBy(IReadOnlyList<RunningVm> running, string clone, string onlineNext, string outProxy) =>
        SandboxNetworks.HostAddress(running.First(vm => vm.Origin is null).Network!.Value) + onlineNext[onlineNext.LastIndexOf(':')..];
}
