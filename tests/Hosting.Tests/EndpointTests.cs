using System.Net;
using System.Net.Sockets;
using CsCheck;

namespace JustRunIt.Hosting.Tests;

public sealed class EndpointTests
{
    private const EndpointKinds Everything = EndpointKinds.HostName | EndpointKinds.AnyPort | EndpointKinds.Unix;

    [Theory]
    [InlineData("127.0.0.1:8080", EndpointKinds.Address)]
    [InlineData("[::1]:8080", EndpointKinds.Address)]
    [InlineData("[fe80::1]:65535", EndpointKinds.Address)]
    [InlineData("0.0.0.0:0", EndpointKinds.AnyPort)]
    [InlineData("shop.example.org:80", EndpointKinds.HostName)]
    [InlineData("db_1:3306", EndpointKinds.HostName)]
    [InlineData("unix:/run/mysqld/mysqld.sock", EndpointKinds.Unix)]
    public void An_address_reads_back_as_it_is_written(string text, EndpointKinds allowed)
    {
        Assert.True(Endpoint.TryParse(text, allowed, out var endpoint));
        Assert.Equal(text, endpoint.ToString());
        Assert.Equal(endpoint, Endpoint.Parse(endpoint.ToString(), allowed));
    }

    [Theory]
    [InlineData("")]
    [InlineData("127.0.0.1")]
    [InlineData("8080")]
    [InlineData(":8080")]
    [InlineData("127.0.0.1:")]
    [InlineData("127.0.0.1:-1")]
    [InlineData("127.0.0.1:+1")]
    [InlineData("127.0.0.1: 80")]
    [InlineData("127.0.0.1:65536")]
    [InlineData("127.0.0.1:80:80")]
    [InlineData("::1:8080")]
    [InlineData("::1")]
    [InlineData("[::1]")]
    [InlineData("[127.0.0.1]:80")]
    [InlineData("[]:80")]
    [InlineData("1.2:80")]
    [InlineData("010.0.0.1:80")]
    [InlineData("256.0.0.1:80")]
    [InlineData("a b:80")]
    [InlineData("http://a:80")]
    [InlineData("unix:")]
    [InlineData("unix:relative")]
    [InlineData("unix:/0123456789/0123456789/0123456789/0123456789/0123456789/0123456789/0123456789/0123456789/0123456789/012345678")]
    public void What_is_no_address_is_never_one(string text)
    {
        Assert.False(Endpoint.TryParse(text, Everything, out _));
        Assert.StartsWith(
            $"'{text}' is no address; allowed is HOST:PORT",
            Assert.Throws<FormatException>(() => Endpoint.Parse(text, Everything)).Message);
    }

    [Theory]
    [InlineData("shop:80", "IP:PORT, such as 127.0.0.1:8080")]
    [InlineData("127.0.0.1:0", "IP:PORT, such as 127.0.0.1:8080")]
    [InlineData("unix:/run/server", "IP:PORT, such as 127.0.0.1:8080")]
    public void A_kind_must_be_allowed(string text, string allowed)
    {
        Assert.True(Endpoint.TryParse(text, Everything, out _));
        Assert.Equal(
            $"'{text}' is no address; allowed is {allowed}",
            Assert.Throws<FormatException>(() => Endpoint.Parse(text, EndpointKinds.Address)).Message);
    }

    [Fact]
    public void It_becomes_what_a_socket_connects_to()
    {
        Assert.Equal(new IPEndPoint(IPAddress.Loopback, 80), Endpoint.Parse("127.0.0.1:80", Everything).ToEndPoint());
        Assert.Equal(new IPEndPoint(IPAddress.IPv6Loopback, 80), Endpoint.Parse("[::1]:80", Everything).ToEndPoint());
        Assert.Equal(new DnsEndPoint("shop", 80), Endpoint.Parse("shop:80", Everything).ToEndPoint());
        Assert.Equal("/run/s", Assert.IsType<UnixDomainSocketEndPoint>(Endpoint.Parse("unix:/run/s", Everything).ToEndPoint()).ToString());
    }

    [Fact]
    public void A_part_can_be_exchanged_and_an_open_one_is_known()
    {
        var endpoint = Endpoint.Parse("127.0.0.1:80", EndpointKinds.Address);
        Assert.Equal("127.0.0.1:81", endpoint.WithPort(81).ToString());
        Assert.Equal("[::2]:80", endpoint.WithHost(IPAddress.Parse("::2")).ToString());
        Assert.False(endpoint.IsOpen);
        Assert.True(Endpoint.Parse("[::]:80", EndpointKinds.Address).IsOpen);
        Assert.Throws<InvalidOperationException>(() => Endpoint.Parse("unix:/s", Everything).WithPort(1));
    }

    [Fact]
    public void Every_address_of_the_network_survives() => Gen.Select(Gen.Byte.Array[4], Gen.Byte.Array[16], Gen.UShort, Gen.Bool).Sample(
        (v4, v6, port, isV6) =>
        {
            // A scope or an embedded IPv4 address may be written in several ways; the address is the same.
            var address = new IPEndPoint(new IPAddress(isV6 ? v6 : v4), port);
            Assert.Equal(address, Endpoint.Parse(Endpoint.Of(address).ToString(), Everything).Ip);
        });
}
