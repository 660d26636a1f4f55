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
    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(settings.ReportEvery, clock);
        var from = clock.GetUtcNow();
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                var to = clock.GetUtcNow();
                // The clock was set back: what is measured is kept until it has come so far again, or begins anew where it was set.
                if (to <= from && from - to < LongestWait)
                    continue;
                if (to <= from)
                {
                    from = to;
                    continue;
                }

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

    /// <summary>What a proxy measured since it was last asked; null of a protocol that is only relayed.</summary>
    internal static ResponseTimesMeasured? Measured(string node, TierProxy proxy, DateTimeOffset from, DateTimeOffset to) =>
        // Nothing is measured of a protocol that is only relayed: no requests would be a false statement.
        proxy.ResponseTimes is { } times && times.Take() is var interval
            ? new ResponseTimesMeasured(
                node,
                proxy.Settings.Service,
                proxy.Settings.Tier,
                from,
                to,
                interval.Requests,
                interval.Errors,
                interval.Total,
                interval.P95,
                interval.Maximum,
                interval.NoReply,
                interval.GivenUp,
                times.Open?.Read())
            : null;

    private async Task ReportAsync(TierProxy proxy, DateTimeOffset from, DateTimeOffset to, CancellationToken stop)
    {
        if (Measured(settings.Node, proxy, from, to) is not { } report)
            return;
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
