using System.Net;
using JustRunIt.ProxyNode.Protocols;
using JustRunIt.ProxyNode.Recording;

namespace JustRunIt.ProxyNode.Configuration;

/// <summary>A proxy node's settings.</summary>
/// <param name="Node">Its name, unique in the data centre.</param>
/// <param name="ReportEvery">How often it reports response times.</param>
/// <param name="Tiers">The tiers whose proxies it holds.</param>
internal sealed record NodeSettings(string Node, TimeSpan ReportEvery, IReadOnlyList<TierSettings> Tiers)
{
    /// <summary>How long redirected connections may go on after the node was told to end.</summary>
    public TimeSpan Drain { get; init; } = TimeSpan.FromSeconds(30);
}

/// <summary>The proxies around the servers of one tier.</summary>
/// <param name="Service">The service.</param>
/// <param name="Tier">The tier.</param>
/// <param name="Listen">Where the in-proxy takes requests.</param>
/// <param name="Upstream">The tier's server.</param>
/// <param name="OutProxies">One for each next tier.</param>
/// <param name="Rules">What must be known of the service's messages.</param>
/// <param name="MemoryLimitBytes">Bound of the shadow queue, and of each record.</param>
internal sealed record TierSettings(
    string Service,
    string Tier,
    IPEndPoint Listen,
    EndPoint Upstream,
    IReadOnlyList<OutProxySettings> OutProxies,
    ServiceRules Rules,
    long MemoryLimitBytes)
{
    /// <summary>The address whose new connections are redirected to the proxy; null: none.</summary>
    public IPEndPoint? Install { get; init; }

    /// <summary>The virtual machine that the server runs in, to follow when it moves; null: it stays.</summary>
    public string? Vm { get; init; }

    /// <summary>What the tier's clients speak.</summary>
    public IProtocol Protocol { get; init; } = ProtocolRegistry.Default;
}

/// <summary>An out-proxy.</summary>
/// <param name="Name">The next tier.</param>
/// <param name="Listen">Where the on-line server finds the next tier.</param>
/// <param name="Upstream">The next tier's server.</param>
/// <param name="SandboxListen">Where a clone finds it.</param>
internal sealed record OutProxySettings(string Name, IPEndPoint Listen, EndPoint Upstream, IPEndPoint SandboxListen)
{
    /// <summary>The address whose new connections are redirected to the proxy; null: none.</summary>
    public IPEndPoint? Install { get; init; }

    /// <summary>The virtual machine that the next tier's server runs in, to follow when it moves; null: it stays.</summary>
    public string? Vm { get; init; }

    /// <summary>What the next tier speaks.</summary>
    public IProtocol Protocol { get; init; } = ProtocolRegistry.Default;
}
