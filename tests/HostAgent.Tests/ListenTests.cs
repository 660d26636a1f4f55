using System.Net;
using System.Net.Sockets;
using JustRunIt.HostAgent.Machines;
using JustRunIt.Hosting;

namespace JustRunIt.HostAgent.Tests;

/// <summary>A server is reached at one address of its host's own, or it is refused before anything of it is made.</summary>
public sealed class ListenTests
{
    [Theory]
    [InlineData("127.0.0.1:18099")]
    [InlineData("127.0.0.2:18099")]
    [InlineData("localhost:18099")]
    public async Task An_address_of_this_host_is_taken(string listen) => Assert.Null(await Listeners.ProblemAsync(Of(listen)));

    [Theory]
    [InlineData("0.0.0.0:8080", "is every address of this host")]
    [InlineData("[::]:8080", "is every address of this host")]
    [InlineData("[::ffff:0.0.0.0]:8080", "is every address of this host")]
    [InlineData("192.0.2.1:8080", "is no address of this host")]
    [InlineData("[2001:db8::1]:8080", "is no address of this host")]
    [InlineData("224.0.0.1:8080", "is no address of a host")]
    [InlineData("255.255.255.255:8080", "is no address of a host")]
    [InlineData("[ff02::1]:8080", "is no address of a host")]
    [InlineData("10.213.7.1:8080", "is an address of the sandboxes' network")]
    [InlineData("no-such-name.invalid:8080", ": no address is known under that name")]
    public async Task Any_other_is_refused_with_what_is_allowed(string listen, string why)
    {
        var problem = await Listeners.ProblemAsync(Of(listen));
        Assert.StartsWith("listen: '", problem);
        Assert.Contains(why, problem);
        Assert.EndsWith("; allowed is one address of this host's own and a port, such as 127.0.0.1:8080", problem);
    }

    [Fact]
    public void A_name_is_taken_that_has_an_address_of_this_host_and_one_of_another()
    {
        var listen = Of($"shop.example:{FreePort.Find()}");
        Assert.Null(Listeners.Problem(listen, Ips("192.0.2.1", "2001:db8::1", "127.0.0.1"), isForwarded: false));
        Assert.Contains("is no address of this host", Listeners.Problem(listen, Ips("192.0.2.1", "2001:db8::1"), isForwarded: false));
        // Who answers to such a name would be chosen by chance.
        Assert.Contains("is every address", Listeners.Problem(listen, Ips("127.0.0.1", "0.0.0.0"), isForwarded: false));
        Assert.Contains("the sandboxes' network", Listeners.Problem(listen, Ips("127.0.0.1", "10.213.7.1"), isForwarded: false));
    }

    [Theory]
    [InlineData("192.0.2.1:8080", null)]
    [InlineData("0.0.0.0:8080", "is every address of this host")]
    [InlineData("224.0.0.1:8080", "is no address of a host")]
    [InlineData("10.213.7.1:8080", "is an address of the sandboxes' network")]
    public async Task What_the_host_forwards_may_be_routed_to_it_and_be_no_interfaces(string listen, string? why)
    {
        var problem = await Listeners.ProblemAsync(Of(listen), isForwarded: true);
        if (why is null)
            Assert.Null(problem);
        else
            Assert.Contains(why, problem);
    }

    [Theory]
    [InlineData("0.0.0.0:8080", true)]
    [InlineData("192.0.2.1:8080", true)]
    [InlineData("no-such-name.invalid:8080", true)]
    [InlineData("224.0.0.1:8080", false)]
    [InlineData("10.213.7.1:8080", false)]
    public void What_runs_since_before_moves_with_the_address_that_it_was_given(string listen, bool isTaken) =>
        Assert.Equal(isTaken, Listeners.ProblemOfRunning(Of(listen)) is null);

    [Fact]
    public async Task One_that_somebody_else_listens_at_is_refused()
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        var listen = Endpoint.Of((IPEndPoint)other.LocalEndpoint);
        Assert.Equal(
            $"listen: '{listen}' is in use by another process of this host; allowed is an address that is free",
            await Listeners.ProblemAsync(listen));
        Assert.Null(Listeners.ProblemOfRunning(listen));
        Assert.Contains("in use by another", Listeners.Problem(listen, Ips("192.0.2.1", "127.0.0.1"), isForwarded: false));
        // Another host's address is free, whoever listens here.
        Assert.DoesNotContain("in use", Listeners.Problem(listen, Ips("192.0.2.1"), isForwarded: false));
    }

    private static IReadOnlyList<IPAddress> Ips(params string[] addresses) => [.. addresses.Select(IPAddress.Parse)];

    private static Endpoint Of(string listen) => Endpoint.Parse(listen, EndpointKinds.HostName);
}
