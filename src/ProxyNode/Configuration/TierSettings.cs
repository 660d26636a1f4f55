using JustRunIt.ProxyNode.Recording;

namespace JustRunIt.ProxyNode.Configuration;

/// <summary>The proxies around the servers of one tier.</summary>
/// <param name="Service">The service.</param>
/// <param name="Tier">The tier.</param>
/// <param name="Relay">The in-proxy, before the tier's server.</param>
/// <param name="OutProxies">One for each next tier.</param>
/// <param name="Rules">What must be known of the service's messages.</param>
/// <param name="MemoryLimitBytes">Bound of the shadow queue, and of each record.</param>
internal sealed record TierSettings(
    string Service,
    string Tier,
    RelaySettings Relay,
    IReadOnlyList<OutProxySettings> OutProxies,
    ServiceRules Rules,
    long MemoryLimitBytes);
