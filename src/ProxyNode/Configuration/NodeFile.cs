using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using JustRunIt.Events.Store.Configuration;
using JustRunIt.ProxyNode.Recording;

namespace JustRunIt.ProxyNode.Configuration;

/// <summary>The proxy node's configuration file, YAML or JSON; the format is described in <c>docs/configuration.md</c>.</summary>
internal static class NodeFile
{
    private const int DefaultMemoryMebibytes = 64;

    /// <summary>Reads and checks a file.</summary>
    /// <exception cref="ConfigurationException">The first thing that is wrong in it.</exception>
    public static NodeSettings Read(string file)
    {
        var root = YamlField.Root(file).Group("node", "reportEvery", "tiers");
        var tiers = new List<TierSettings>();
        foreach (var field in root.Required("tiers").List())
        {
            var tier = Tier(field.Group("service", "tier", "listen", "upstream", "outProxies", "wildcards", "memoryMiB"));
            if (tiers.Any(other => other.Service == tier.Service && other.Tier == tier.Tier))
                throw field.Required("tier").Error("a tier that is not listed already");
            tiers.Add(tier);
        }

        var node = root.Required("node");
        if (node.Text().Any(c => !char.IsAsciiLetterOrDigit(c) && c is not '-'))
            throw node.Error("letters, digits and hyphens");
        return new NodeSettings(
            node.Text(),
            root.Optional("reportEvery")?.Duration(TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(1)) ?? TimeSpan.FromSeconds(1),
            tiers);
    }

    private static TierSettings Tier(YamlField field) => new(
        field.Required("service").Text(),
        field.Required("tier").Text(),
        Address(field.Required("listen")),
        Upstream(field.Required("upstream")),
        field.Optional("outProxies")?.List().Select(OutProxy).ToList() ?? [],
        field.Optional("wildcards") is { } wildcards ? Wildcards(wildcards) : WildcardRules.None,
        (field.Optional("memoryMiB")?.Whole(1, 65536) ?? DefaultMemoryMebibytes) * 1024L * 1024);

    private static OutProxySettings OutProxy(YamlField field)
    {
        field.Group("name", "listen", "upstream", "sandboxListen");
        return new OutProxySettings(
            field.Required("name").Text(),
            Address(field.Required("listen")),
            Upstream(field.Required("upstream")),
            Address(field.Required("sandboxListen")));
    }

    private static WildcardRules Wildcards(YamlField field)
    {
        field.Group("headers", "queryParameters", "formFields", "jsonFields", "paths");
        return WildcardRules.Create(Texts("headers"), Texts("queryParameters"), Texts("formFields"), Texts("jsonFields"), Patterns());

        IEnumerable<string> Texts(string name) => field.Optional(name)?.List().Select(item => item.Text()) ?? [];

        List<string> Patterns()
        {
            var patterns = new List<string>();
            foreach (var item in field.Optional("paths")?.List() ?? [])
            {
                try
                {
                    _ = new Regex(item.Text(), RegexOptions.NonBacktracking);
                }
                catch (Exception e) when (e is ArgumentException or NotSupportedException)
                {
                    throw item.Error("a regular expression without back references and look-around");
                }

                patterns.Add(item.Text());
            }

            return patterns;
        }
    }

    private static IPEndPoint Address(YamlField field) =>
        IPEndPoint.TryParse(field.Text(), out var address) && field.Text().Contains(':', StringComparison.Ordinal)
            ? address
            : throw field.Error("IP:PORT, such as 127.0.0.1:8080");

    private static EndPoint Upstream(YamlField field)
    {
        if (IPEndPoint.TryParse(field.Text(), out var address) && address.Port > 0)
            return address;
        var colon = field.Text().LastIndexOf(':');
        return colon > 0
            && Uri.CheckHostName(field.Text()[..colon]) == UriHostNameType.Dns
            && ushort.TryParse(field.Text()[(colon + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port > 0
                ? new DnsEndPoint(field.Text()[..colon], port, System.Net.Sockets.AddressFamily.InterNetwork)
                : throw field.Error("HOST:PORT, such as 127.0.0.1:8080");
    }
}
