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

    public static OutProxySettings OutProxy(EndPoint upstream) => new("data", Free, upstream, Free);
}
