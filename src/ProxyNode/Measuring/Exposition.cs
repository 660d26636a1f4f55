using System.Globalization;
using System.Text;

namespace JustRunIt.ProxyNode.Measuring;

/// <summary>Figures in Prometheus' text format, version 0.0.4.</summary>
internal static class Exposition
{
    /// <summary>All figures of some proxies.</summary>
    public static string Write(IReadOnlyCollection<ProxyFigures> proxies)
    {
        var text = new StringBuilder();
        foreach (var family in ProxyFigures.Families)
        {
            var name = NameOf(family.Name, family.IsCounter ? "_total" : "");
            var samples = proxies.SelectMany(
                proxy => family.Read(proxy).Select(sample => (Labels: proxy.Labels.Concat(sample.Labels), sample.Value))).ToList();
            if (samples.Count == 0)
                continue;
            Head(text, name, family.Description, family.IsCounter ? "counter" : "gauge");
            foreach (var (labels, value) in samples)
                Line(text, name, labels, value);
        }

        var distributions = proxies.SelectMany(proxy => proxy.Distributions().Select(found => (found, proxy.Labels)));
        foreach (var family in distributions.GroupBy(item => item.found.Name))
        {
            var name = NameOf(family.Key, "_seconds");
            Head(text, name, family.First().found.Description, "histogram");
            foreach (var (found, proxyLabels) in family)
                Histogram(text, name, [.. proxyLabels, .. found.Labels], found.Times);
        }

        return text.ToString();
    }

    private static void Histogram(
        StringBuilder text, string name, IReadOnlyList<ProxyFigures.Label> labels, ResponseTimes.Distribution times)
    {
        var cumulative = 0L;
        for (var i = 0; i < times.Buckets.Count; i++)
        {
            cumulative += times.Buckets[i];
            var bound = i < ResponseTimes.BucketBounds.Count
                ? ResponseTimes.BucketBounds[i].TotalSeconds.ToString(CultureInfo.InvariantCulture)
                : "+Inf";
            Line(text, name + "_bucket", labels.Append(new ProxyFigures.Label("le", bound)), cumulative);
        }

        Line(text, name + "_sum", labels, times.Total.TotalSeconds);
        Line(text, name + "_count", labels, cumulative);
    }

    private static void Head(StringBuilder text, string name, string description, string type) =>
        text.Append(CultureInfo.InvariantCulture, $"# HELP {name} {description}\n# TYPE {name} {type}\n");

    private static void Line(StringBuilder text, string name, IEnumerable<ProxyFigures.Label> labels, double value)
    {
        var all = string.Join(',', labels.Select(label => $"{label.Name}=\"{Escaped(label.Value)}\""));
        text.Append(CultureInfo.InvariantCulture, $"{name}{{{all}}} {value}\n");
    }

    private static string NameOf(string instrument, string suffix) => instrument.Replace('.', '_') + suffix;

    private static string Escaped(string value) =>
        value.Replace("\\", "\\\\", StringComparison.Ordinal)
            .Replace("\"", "\\\"", StringComparison.Ordinal)
            .Replace("\n", "\\n", StringComparison.Ordinal);
}
