using JustRunIt.Events.Hosts;
using JustRunIt.HostAgent.Networks;
using JustRunIt.HostAgent.Tests.Compliance;
using JustRunIt.Hosting;
using JustRunIt.Infrastructure.Peers;

namespace JustRunIt.HostAgent.Tests.Originals;

/// <summary>A live clone of Tomcat 10 is the original: its servlet sessions go on, at the same address. Needs root.</summary>
[BackEnd("container")]
public sealed class TomcatCloneTests : IAsyncLifetime
{
    private readonly Agent host = new("container");
    private readonly TomcatFolder folder = new("""<Connector protocol="HTTP/1.1" address="${own.address}" port="${own.port}"/>""");

    public Task InitializeAsync() => host.Vms.RecoverAsync(CancellationToken.None);

    public async Task DisposeAsync()
    {
        await host.DisposeAsync();
        folder.Dispose();
    }

    [ComplianceFact]
    public async Task A_servlet_session_lives_on_at_both_sides_of_a_server_that_is_bound_to_its_own_address()
    {
        var vm = await host.RunAsync(host.Start("tomcat", "host-1", 0.6, new VmProgram(
            TomcatFolder.Program,
            ["run"],
            folder.Environment("-Down.address={listenHost} -Down.port={listenPort}"),
            "/",
            $"127.0.0.1:{FreePort.Find()}",
            null,
            "/address.jsp")));
        using var server = new Asking(vm.Endpoint);
        for (var i = 1; i <= 3; i++)
            Assert.StartsWith($"count {i} ", await server.GetAsync("/count.jsp"));

        var result = await host.CloneAsync("tomcat", "clone");

        Assert.False(result.Cold);
        using var copy = server.WithSameCookies(result.Endpoint);
        // Each has its own from here on.
        foreach (var i in (int[])[4, 5])
            Assert.StartsWith($"count {i} ", await copy.GetAsync("/count.jsp"));
        Assert.StartsWith("count 4 ", await server.GetAsync("/count.jsp"));
        Assert.StartsWith("count 6 ", await copy.GetAsync("/count.jsp"));
        using var stranger = new Asking(result.Endpoint);
        Assert.StartsWith("count 1 ", await stranger.GetAsync("/count.jsp"));
        var own = ContainerNetworks.InnerListen(vm.Network!.Value, Endpoint.Parse(vm.Endpoint, EndpointKinds.Address));
        Assert.DoesNotContain("127.0.0.1", own);
        Assert.Equal(own, (await server.GetAsync("/address.jsp")).Trim());
        Assert.Equal(own, (await copy.GetAsync("/address.jsp")).Trim());
    }
}
