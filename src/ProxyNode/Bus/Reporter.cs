using JustRunIt.Events.Sla;
using JustRunIt.ProxyNode.Configuration;
using MassTransit;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace JustRunIt.ProxyNode.Bus;

/// <summary>Publishes what the in-proxies measure on-line. While the bus is away, intervals grow longer and nothing is lost.</summary>
internal sealed partial class Reporter(NodeSettings settings, TierProxies proxies, IBus bus, TimeProvider clock, ILogger<Reporter> logger)
    : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(settings.ReportEvery, clock);
        var from = clock.GetUtcNow();
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                var to = clock.GetUtcNow();
                foreach (var proxy in proxies.All)
                    await ReportAsync(proxy, from, to, stoppingToken);
                from = to;
            }
        }
        catch (OperationCanceledException)
        {
            // The node stops.
        }
    }

    private async Task ReportAsync(TierProxy proxy, DateTimeOffset from, DateTimeOffset to, CancellationToken stop)
    {
        // Nothing is measured of a protocol that is only relayed: no requests would be a false statement.
        if (proxy.ResponseTimes?.Take() is not { } interval)
            return;
        var report = new ResponseTimesMeasured(
            settings.Node,
            proxy.Settings.Service,
            proxy.Settings.Tier,
            from,
            to,
            interval.Requests,
            interval.Errors,
            interval.Total,
            interval.P95,
            interval.Maximum);
        while (!stop.IsCancellationRequested)
        {
            try
            {
                await bus.Publish(report, stop);
                return;
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                LogRetry(e.Message);
                await Task.Delay(TimeSpan.FromSeconds(1), clock, stop);
            }
        }
    }

    [LoggerMessage(EventId = 1301, Level = LogLevel.Warning, Message = "Response times could not be published and are kept: {Reason}")]
    private partial void LogRetry(string reason);
}
