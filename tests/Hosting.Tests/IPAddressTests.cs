using System.Net;

namespace JustRunIt.Hosting.Tests;

/// <summary>A peer that speaks IPv4 has one address, whatever socket it came to.</summary>
public sealed class IPAddressTests
{
    [Theory]
    [InlineData("::ffff:10.0.0.1", "10.0.0.1")]
    [InlineData("10.0.0.1", "10.0.0.1")]
    [InlineData("::1", "::1")]
    [InlineData("fd00::ffff:10.0.0.1", "fd00::ffff:10.0.0.1")]
    public void A_mapped_address_is_the_one_that_it_maps(string address, string expected)
    {
        Assert.Equal(IPAddress.Parse(expected), IPAddress.Parse(address).Unmapped());
        Assert.Equal(new IPEndPoint(IPAddress.Parse(expected), 80), new IPEndPoint(IPAddress.Parse(address), 80).Unmapped());
    }
}
