using System.Net;
using System.Net.Sockets;
using JustRunIt.Hosting;
using JustRunIt.ProxyNode.Configuration;
using JustRunIt.ProxyNode.Recording;

namespace JustRunIt.ProxyNode.Tests;

/// <summary>Settings on free ports of the loopback address.</summary>
internal static class Settings
{
    public static IPEndPoint Free => new(IPAddress.Loopback, 0);

    public static TierSettings Tier(EndPoint upstream, long memoryLimitBytes = 64 << 20) =>
        new("shop", "application", new RelaySettings(Free, upstream), [], ServiceRules.None, memoryLimitBytes);

    /// <summary>What is read of a configuration file, as an operator writes it.</summary>
    public static T FromFile<T>(string text, Func<string, T> read)
    {
        var file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, text);
            return read(file);
        }
        finally
        {
            File.Delete(file);
        }
    }

    public static OutProxySettings OutProxy(EndPoint upstream) => new("data", new RelaySettings(Free, upstream), Free);

    /// <summary>An address as the command line has it.</summary>
    public static Endpoint Of(EndPoint address) => address switch
    {
        DnsEndPoint name => Endpoint.Parse($"{name.Host}:{name.Port}", EndpointKinds.HostName),
        UnixDomainSocketEndPoint path => Endpoint.Parse($"unix:{path}", EndpointKinds.Unix),
        _ => Endpoint.Of((IPEndPoint)address),
    };
}
