using JustRunIt.Hosting;
using JustRunIt.ProxyNode.Configuration;
using JustRunIt.ProxyNode.Measuring;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace JustRunIt.ProxyNode.Bus;

/// <summary>The node's proxies; they relay before and after the bus is there.</summary>
internal sealed partial class TierProxies(NodeSettings settings, TimeProvider clock, ILogger<TierProxies> logger) : IHostedService
{
    private IDisposable? export;

    private readonly List<TierProxy> proxies = [];

    /// <summary>All proxies.</summary>
    public IReadOnlyList<TierProxy> All => proxies;

    /// <summary>The proxies of a tier; null when this node has none.</summary>
    public TierProxy? Find(string service, string tier) =>
        proxies.FirstOrDefault(proxy => proxy.Settings.Service == service && proxy.Settings.Tier == tier);

    /// <summary>A virtual machine is at an address: the proxies before it follow, unless they know better.</summary>
    /// <param name="vm">The virtual machine.</param>
    /// <param name="endpoint">host:port of its server.</param>
    /// <param name="moves">How often it has moved.</param>
    public void Follow(string vm, string endpoint, int moves)
    {
        if (!Endpoint.TryParse(endpoint, EndpointKinds.Address, out var to))
            return;
        foreach (var proxy in proxies.Where(proxy => proxy.TryFollow(vm, to.Ip!, moves)))
            LogFollowed(vm, endpoint, proxy.Settings.Tier);
    }

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        foreach (var tier in settings.Tiers)
            proxies.Add(await TierProxy.StartAsync(tier, clock, LogNotice));
        export = OtlpExport.Start();
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await Task.WhenAll(proxies.Select(proxy => proxy.RemoveAsync(settings.Drain, cancellationToken)));
        foreach (var proxy in proxies)
            await proxy.DisposeAsync();
        export?.Dispose();
    }

    [LoggerMessage(EventId = 1302, Level = LogLevel.Information,
        Message = "{Vm} has moved to {Endpoint}; the proxies of tier {Tier} follow")]
    private partial void LogFollowed(string vm, string endpoint, string tier);

    [LoggerMessage(EventId = 1303, Level = LogLevel.Warning, Message = "{Notice}")]
    private partial void LogNotice(string notice);
}
