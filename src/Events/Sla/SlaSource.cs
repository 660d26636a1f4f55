using JustRunIt.Events.Resources;

namespace JustRunIt.Events.Sla;

/// <summary>Whose word a window is. All in-proxies of a tier are one source; each external monitor is another.</summary>
public static class SlaSource
{
    private const string InProxy = "in-proxy";

    /// <summary>The source of a window: one key for windows, violations and restorations.</summary>
    /// <param name="name">The proxy node's or monitor's name.</param>
    /// <param name="external">Whether that is an external monitor.</param>
    public static string Key(string name, bool external) => external ? $"monitor:{name}" : InProxy;

    /// <summary>A source's word on one metric: the key of violations. That on response time is the source itself.</summary>
    /// <param name="name">The proxy node's or monitor's name.</param>
    /// <param name="external">Whether that is an external monitor.</param>
    /// <param name="metric">The metric that the agreement is on.</param>
    public static string Key(string name, bool external, string metric) =>
        metric == MetricNames.MeanMs ? Key(name, external) : $"{Key(name, external)}/{metric}";
}
