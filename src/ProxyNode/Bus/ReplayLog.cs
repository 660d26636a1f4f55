using JustRunIt.Events.Proxies;
using Microsoft.Extensions.Logging;

namespace JustRunIt.ProxyNode.Bus;

/// <summary>What a proxy node did for experiments, one line a command; nothing is logged for a request.</summary>
internal static partial class ReplayLog
{
    /// <summary>An experiment ended with a result or without one.</summary>
    public static void Measured(ILogger logger, ReplayMeasured result)
    {
        if (result is { Failure: null, Online: { } online, Sandbox: { } sandbox })
            Measured(logger, result.Subject, sandbox.Requests, MeanOf(sandbox), MeanOf(online), result.Shed);
        else
            NotMeasured(logger, result.Subject, result.Failure ?? "there was no traffic");
    }

    private static double MeanOf(SideMeasured side) => side.Metrics.Mean.TotalMilliseconds;

    /// <summary>An experiment begins.</summary>
    [LoggerMessage(EventId = 1310, Level = LogLevel.Information,
        Message = "{Subject}: the traffic of tier {Tier} of {TierService} is replayed to {Sandbox}")]
    public static partial void Started(ILogger logger, string subject, string tier, string tierService, string sandbox);

    /// <summary>Traffic is no longer duplicated.</summary>
    [LoggerMessage(EventId = 1311, Level = LogLevel.Information,
        Message = "the traffic of tier {Tier} of {TierService} is no longer replayed")]
    public static partial void Stopped(ILogger logger, string tier, string tierService);

    [LoggerMessage(EventId = 1312, Level = LogLevel.Information,
        Message = "{Subject}: {Requests} requests, mean {SandboxMilliseconds:0.0} ms at the clone, {OnlineMilliseconds:0.0} on-line, {Shed} shed")]
    private static partial void Measured(
        ILogger logger, string subject, long requests, double sandboxMilliseconds, double onlineMilliseconds, long shed);

    [LoggerMessage(EventId = 1313, Level = LogLevel.Warning, Message = "{Subject}: not measured: {Reason}")]
    private static partial void NotMeasured(ILogger logger, string subject, string reason);
}
