using System.Net;
using System.Net.Sockets;
using JustRunIt.HostAgent.Machines;
using JustRunIt.Hosting;

namespace JustRunIt.HostAgent.Tests;

/// <summary>A server is reached at one address of its host's own, or it is refused before anything of it is made.</summary>
public sealed class ListenTests
{
    [Theory]
    [InlineData("127.0.0.1:8080")]
    [InlineData("127.0.0.2:8080")]
    [InlineData("localhost:8080")]
    public async Task An_address_of_this_host_is_taken(string listen) => Assert.Null(await Listeners.WhyNotOursAsync(Of(listen)));

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
        foreach (var problem in new[] { await Listeners.ProblemAsync(Of(listen)), await Listeners.WhyNotOursAsync(Of(listen)) })
        {
            Assert.StartsWith("listen: '", problem);
            Assert.Contains(why, problem);
            Assert.EndsWith("; allowed is one address of this host's own and a port, such as 127.0.0.1:8080", problem);
        }
    }

    [Fact]
    public async Task One_that_somebody_else_listens_at_is_refused()
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        var listen = Endpoint.Of((IPEndPoint)other.LocalEndpoint);
        Assert.Equal(
            $"listen: '{listen}' is in use by another process of this host; allowed is an address that is free",
            await Listeners.ProblemAsync(listen));
        Assert.Null(await Listeners.WhyNotOursAsync(listen));
    }

    private static Endpoint Of(string listen) => Endpoint.Parse(listen, EndpointKinds.HostName);
}
