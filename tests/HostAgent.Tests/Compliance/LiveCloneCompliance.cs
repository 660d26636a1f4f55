using JustRunIt.HostAgent.Hypervisors;
using JustRunIt.HostAgent.Networks;

namespace JustRunIt.HostAgent.Tests.Compliance;

/// <summary>What every back end must do whose clones are copies of what runs, in a network with the original's addresses.</summary>
public abstract partial class LiveCloneCompliance : HypervisorCompliance
{
    protected override bool HasOwnFiles => true;

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
