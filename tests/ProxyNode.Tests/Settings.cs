using System.Net;
using JustRunIt.ProxyNode.Configuration;
using JustRunIt.ProxyNode.Recording;

namespace JustRunIt.ProxyNode.Tests;

/// <summary>Settings on free ports of the loopback address.</summary>
internal static class Settings
{
    public static IPEndPoint Free => new(IPAddress.Loopback, 0);

    public static TierSettings Tier(EndPoint upstream, long memoryLimitBytes = 64 << 20) =>
        new("shop", "application", Free, upstream, [], ServiceRules.None, memoryLimitBytes);

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

    public static OutProxySettings OutProxy(EndPoint upstream) => new("data", Free, upstream, Free);
}
