using JustRunIt.Events.Hosts;
using JustRunIt.HostAgent.Machines;
using JustRunIt.HostAgent.Networks;
using JustRunIt.Hosting;

namespace JustRunIt.HostAgent.Tests.Compliance;

/// <summary>What every back end must do whose clones are copies of what runs, in a network with the original's addresses.</summary>
public abstract partial class LiveCloneCompliance : BackEndCompliance
{
    private const int HeapMebibytes = 20;

    protected override bool HasOwnFiles => true;

    [ComplianceFact]
    public async Task A_live_clone_has_the_originals_memory_files_addresses_names_and_a_clock_that_went_on()
    {
        var vm = await Host.RunAsync(await WithFilesAsync(Host.Specimen("original", heapMebibytes: HeapMebibytes)));
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
        Assert.True(result.BytesCopied > HeapMebibytes << 20);
        using var copy = new Asking(result.Endpoint);
        Assert.Equal("basket-of-3", await copy.GetAsync("/session/ann"));
        Assert.Equal("one", await copy.GetAsync("/file/journal"));
        await copy.PostAsync("/file/journal/three");
        Assert.Equal("onethree", await copy.GetAsync("/file/journal"));
        Assert.Equal("onetwo", await server.GetAsync("/file/journal"));
        Assert.Equal($"{HeapMebibytes}", await copy.GetAsync("/heap"));
        Assert.Equal(6, await copy.CountAsync());
        Assert.Equal(6, await server.CountAsync());
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
        var seen = ContainerNetworks.InnerNext(vm.Network!.Value, Endpoint.Parse(next.Address, EndpointKinds.Address));
        await server.PostAsync($"/connect?to={seen}");
        Assert.Equal("true", await server.GetAsync("/connected"));
        var result = await Host.CloneAsync("original", "clone");
        using var copy = new Asking(result.Endpoint);
        Assert.Equal("false", await copy.GetAsync("/connected"));
        Assert.Equal("true", await server.GetAsync("/connected"));
        Assert.Equal(2, await server.CountAsync());
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

    /// <summary>A server with files of its own to write.</summary>
    internal virtual Task<StartVm> WithFilesAsync(StartVm start) => Task.FromResult(start);

    internal override string OutProxySeenBy(IReadOnlyList<RunningVm> running, string clone, string onlineNext, string outProxy) =>
        SandboxNetworks.HostAddress(running.First(vm => vm.Origin is null).Network!.Value) + onlineNext[onlineNext.LastIndexOf(':')..];
}
