using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace JustRunIt.ProxyNode.Measuring;

/// <summary>
/// The proxies' OpenTelemetry instruments. Counts are read from where they are kept when somebody collects them; only the two
/// histograms are fed request by request, and only while somebody listens.
/// </summary>
internal static class ProxyMeter
{
    /// <summary>Name of the meter.</summary>
    public const string Name = "JustRunIt.ProxyNode";

    private static readonly ConcurrentDictionary<ProxyFigures, bool> Proxies = new();
    private static readonly Meter Meter = Create();

    /// <summary>Response times in seconds: <c>side</c> live from arrival, sandbox from when the duplicate was due.</summary>
    public static Histogram<double> Durations { get; } = Meter.CreateHistogram<double>(
        "justrunit.proxy.request.duration",
        "s",
        "Time to the last byte of the reply: on-line from arrival, sandbox from due",
        advice: Buckets());

    /// <summary>How much later than due duplicates were sent, in seconds.</summary>
    public static Histogram<double> Lateness { get; } = Meter.CreateHistogram<double>(
        "justrunit.proxy.lateness", "s", "How much later than due duplicates were sent", advice: Buckets());

    /// <summary>Words of host agents about where virtual machines are that were not believed, and so not followed.</summary>
    public static Counter<long> Doubts { get; } = Meter.CreateCounter<long>(
        "justrunit.proxy.doubts", "{message}", "Words about where a virtual machine is that were not believed");

    /// <summary>A proxy is measured from now on.</summary>
    public static void Add(ProxyFigures proxy) => Proxies[proxy] = true;

    /// <summary>A proxy has ended.</summary>
    public static void Remove(ProxyFigures proxy) => Proxies.TryRemove(proxy, out _);

    private static Meter Create()
    {
        var meter = new Meter(Name);
        foreach (var family in ProxyFigures.Families)
        {
            if (family.IsCounter)
                meter.CreateObservableCounter(family.Name, () => Observe(family), family.Unit, family.Description);
            else
                meter.CreateObservableUpDownCounter(family.Name, () => Observe(family), family.Unit, family.Description);
        }

        return meter;
    }

    private static IEnumerable<Measurement<long>> Observe(ProxyFigures.Family family) => Proxies.Keys.SelectMany(proxy =>
        family.Read(proxy).Select(sample => new Measurement<long>(
            sample.Value,
            [.. proxy.Labels.Concat(sample.Labels).Select(label => new KeyValuePair<string, object?>(label.Name, label.Value))])));

    private static InstrumentAdvice<double> Buckets() =>
        new() { HistogramBucketBoundaries = [.. ResponseTimes.BucketBounds.Select(bound => bound.TotalSeconds)] };
}
