using JustRunIt.Events.Messaging;
using JustRunIt.Events.Resources;

namespace JustRunIt.Events.Sla;

/// <summary>Whose word a window is. All in-proxies of a tier are one source; each external monitor is another.</summary>
public static class SlaSource
{
    private const string InProxy = "in-proxy";

    // No name has one.
    private const string Separator = "/";

    /// <summary>The source of a window: one key for windows, violations and restorations.</summary>
    /// <param name="name">The proxy node's or monitor's name.</param>
    /// <param name="external">Whether that is an external monitor.</param>
    public static string Key(string name, bool external) => external ? $"monitor:{name}" : InProxy;

    /// <summary>A source's word on one metric: the key of violations. That on response time is the source itself.</summary>
    /// <param name="name">The proxy node's or monitor's name.</param>
    /// <param name="external">Whether that is an external monitor.</param>
    /// <param name="metric">The metric that the agreement is on.</param>
    public static string Key(string name, bool external, string metric) =>
        metric == MetricNames.MeanMs ? Key(name, external) : $"{Key(name, external)}{Separator}{metric}";

    /// <summary>Whether the key of a violation is on a metric.</summary>
    /// <param name="key">The key of a violation.</param>
    /// <param name="metric">The metric.</param>
    public static bool IsOn(string key, string metric)
    {
        ArgumentNullException.ThrowIfNull(key);
        return metric == MetricNames.MeanMs
            ? !key.Contains(Separator, StringComparison.Ordinal)
            : key.EndsWith(Separator + metric, StringComparison.Ordinal);
    }

    /// <summary>
    /// The correlation of everything that a violation leads to, from its first window to its end and to the last step of what is done
    /// about it: it follows from the service, from who said so on which metric, and from the start of the first window.
    /// </summary>
    internal static Guid CorrelationOf(string service, string name, bool external, string metric, DateTimeOffset since) =>
        DeterministicId.From(Guid.Empty, $"violation/{service}/{Key(name, external, metric)}/{since.UtcTicks}");
}
