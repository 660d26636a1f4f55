using JustRunIt.ProxyNode.Configuration;
using Microsoft.Extensions.Hosting;

namespace JustRunIt.ProxyNode.Bus;

/// <summary>The node's proxies; they relay before and after the bus is there.</summary>
internal sealed class TierProxies(NodeSettings settings, TimeProvider clock) : IHostedService
{
    private readonly List<TierProxy> proxies = [];

    /// <summary>All proxies.</summary>
    public IReadOnlyList<TierProxy> All => proxies;

    /// <summary>The proxies of a tier; null when this node has none.</summary>
    public TierProxy? Find(string service, string tier) =>
        proxies.FirstOrDefault(proxy => proxy.Settings.Service == service && proxy.Settings.Tier == tier);

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        foreach (var tier in settings.Tiers)
            proxies.Add(await TierProxy.StartAsync(tier, clock));
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        foreach (var proxy in proxies)
            await proxy.DisposeAsync();
    }
}
