using System.Runtime.InteropServices;
using JustRunIt.Hosting;
using JustRunIt.Hosting.Configuration;
using JustRunIt.ProxyNode.Configuration;
using JustRunIt.ProxyNode.Measuring;
using JustRunIt.ProxyNode.Recording;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace JustRunIt.ProxyNode.Bus;

/// <summary>The node's proxies; they relay before and after the bus is there.</summary>
internal sealed partial class TierProxies(NodeSettings settings, TimeProvider clock, ILogger<TierProxies> logger) : IHostedService
{
    private IDisposable? export;
    private PosixSignalRegistration? hangup;

    private readonly List<TierProxy> proxies = [];

    /// <summary>All proxies.</summary>
    public IReadOnlyList<TierProxy> All => proxies;

    /// <summary>The proxies of a tier; null when this node has none.</summary>
    public TierProxy? Find(string service, string tier) =>
        proxies.FirstOrDefault(proxy => proxy.Settings.Service == service && proxy.Settings.Tier == tier);

    /// <summary>A virtual machine is at an address: the proxies before it follow, unless they know better.</summary>
    /// <param name="word">Which, and where; it is believed.</param>
    public void Follow(VmWord word)
    {
        if (!Endpoint.TryParse(word.Endpoint, EndpointKinds.Address, out var to))
            return;
        foreach (var proxy in proxies.Where(proxy => proxy.TryFollow(word.Vm, to.Ip!, word.Moves, word.IsOrdered)))
            LogFollowed(word.Vm, word.Endpoint, proxy.Settings.Tier);
    }

    /// <summary>
    /// Reads the rules of all tiers again from the node's file, open connections included; what else has changed in it is not heard. A
    /// file that is wrong changes nothing.
    /// </summary>
    public void ReadRules()
    {
        try
        {
            var read = NodeFile.Read(settings.File ?? throw RulesChange.Kept("the node was started without a file"));
            List<(ServiceRules Held, ServiceRules Read)> changes = [];
            foreach (var proxy in proxies)
            {
                var (held, where) = (proxy.Settings, $"{settings.File}: tier {proxy.Settings.Tier} of {proxy.Settings.Service}");
                var tier = read.Tiers.FirstOrDefault(tier => tier.Service == held.Service && tier.Tier == held.Tier)
                    ?? throw RulesChange.Kept($"{where} is listed no more");
                RulesChange.Check(held.Rules, tier.Rules, where, isRecorded: false);
                changes.Add((held.Rules, tier.Rules));
            }

            foreach (var (held, other) in changes)
                held.GiveWayTo(other);
            LogRulesRead(settings.File!, string.Join("; ", changes.Select(change => RulesChange.Count(change.Read))));
        }
        catch (ConfigurationException e)
        {
            LogRulesKept(e.Message);
        }
    }

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        foreach (var tier in settings.Tiers)
            proxies.Add(await TierProxy.StartAsync(tier, clock, LogNotice));
        export = OtlpExport.Start();
        hangup = PosixSignalRegistration.Create(PosixSignal.SIGHUP, context =>
        {
            context.Cancel = true;
            ReadRules();
        });
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        hangup?.Dispose();
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

    [LoggerMessage(EventId = 1305, Level = LogLevel.Information, Message = "rules read again from {File}: {Rules}")]
    private partial void LogRulesRead(string file, string rules);

    [LoggerMessage(EventId = 1306, Level = LogLevel.Warning, Message = "{Kept}")]
    private partial void LogRulesKept(string kept);
}
