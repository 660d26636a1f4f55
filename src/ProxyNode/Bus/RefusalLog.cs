using System.Collections.Concurrent;
using JustRunIt.Events.Deciding;
using JustRunIt.Events.Sla;
using JustRunIt.ProxyNode.Configuration;
using Microsoft.Extensions.Logging;

namespace JustRunIt.ProxyNode.Bus;

/// <summary>
/// Tells of reports of this node that do not count: the first of a service and reason at once, those after it together, a line a minute.
/// </summary>
internal sealed partial class RefusalLog(NodeSettings settings, TimeProvider clock, ILogger<RefusalLog> logger)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMinutes(1);
    private readonly ConcurrentDictionary<(string Service, WhyNothing Reason), (long At, long Since)> said = new();
    private readonly HashSet<string> services = [.. settings.Tiers.Select(tier => tier.Service)];

    /// <summary>A report was refused; nothing is said of those of other nodes.</summary>
    public void Refused(WindowRefused refused)
    {
        if (refused.External || refused.Sender != settings.Node || !services.Contains(refused.Service))
            return;
        var key = (refused.Service, refused.Reason);
        var now = clock.GetTimestamp();
        var (at, since) = said.GetOrAdd(key, (long.MinValue, 0));
        if (at != long.MinValue && clock.GetElapsedTime(at, now) < Pause)
        {
            said[key] = (at, since + 1);
            return;
        }

        LogRefused(refused.Service, refused.Detail, since + 1);
        said[key] = (now, 0);
    }

    [LoggerMessage(EventId = 1304, Level = LogLevel.Warning,
        Message = "the Monitor does not count what this node reports of {ReportedService}: {Reason} ({Count} since the last such line)")]
    private partial void LogRefused(string reportedService, string reason, long count);
}
