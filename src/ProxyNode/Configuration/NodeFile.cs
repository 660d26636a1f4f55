using System.Net;
using JustRunIt.Hosting.Configuration;
using JustRunIt.ProxyNode.Installing;
using JustRunIt.ProxyNode.Protocols;

namespace JustRunIt.ProxyNode.Configuration;

/// <summary>The proxy node's configuration file, YAML or JSON; the format is described in <c>docs/configuration.md</c>.</summary>
internal static class NodeFile
{
    private const int DefaultMemoryMebibytes = 64;

    /// <summary>Reads and checks a file.</summary>
    /// <exception cref="ConfigurationException">The first thing that is wrong in it.</exception>
    public static NodeSettings Read(string file)
    {
        var root = YamlField.Root(file).Group("node", "reportEvery", "drain", "tiers");
        var tiers = new List<TierSettings>();
        foreach (var field in root.Required("tiers").List())
        {
            var tier = Tier(field.Group(["service", "tier", "listen", "install", "protocol", "upstream", "vm", "outProxies", "memoryMiB", .. RulesFile.Fields]));
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
            tiers)
        {
            Drain = root.Optional("drain")?.Duration(TimeSpan.Zero, TimeSpan.FromHours(1)) ?? TimeSpan.FromSeconds(30),
        };
    }

    private static TierSettings Tier(YamlField field)
    {
        var rules = RulesFile.Read(field);
        var upstream = Upstream(field.Required("upstream"));
        return new(
            field.Required("service").Text(),
            field.Required("tier").Text(),
            Address(field.Required("listen")),
            upstream,
            field.Optional("outProxies")?.List().Select(OutProxy).ToList() ?? [],
            rules,
            (field.Optional("memoryMiB")?.Whole(1, 65536) ?? DefaultMemoryMebibytes) * 1024L * 1024)
        {
            Protocol = Protocol(field),
            Install = Install(field, upstream),
            Vm = field.Optional("vm")?.Text(),
        };
    }

    private static OutProxySettings OutProxy(YamlField field)
    {
        field.Group("name", "protocol", "listen", "upstream", "sandboxListen", "install", "vm");
        var upstream = Upstream(field.Required("upstream"));
        return new OutProxySettings(
            field.Required("name").Text(),
            Address(field.Required("listen")),
            upstream,
            Address(field.Required("sandboxListen")))
        {
            Protocol = Protocol(field),
            Install = Install(field, upstream),
            Vm = field.Optional("vm")?.Text(),
        };
    }

    private static IProtocol Protocol(YamlField field) => field.Optional("protocol") is not { } protocol
        ? ProtocolRegistry.Default
        : ProtocolRegistry.Find(protocol.Text()) ?? throw protocol.Error(ProtocolRegistry.Names);

    private static IPEndPoint? Install(YamlField field, EndPoint upstream)
    {
        if (field.Optional("install") is not { } install)
            return null;
        if (!Installation.IsPossibleBefore(upstream))
            throw field.Required("upstream").Error("IP:PORT or unix:PATH where the proxy is installed around an address");
        return Addresses.TryParseInstallable(install.Text()) ?? throw install.Error("IP:PORT of one address, such as 10.0.0.5:8080");
    }

    private static IPEndPoint Address(YamlField field) =>
        Addresses.TryParseLocal(field.Text()) ?? throw field.Error("IP:PORT, such as 127.0.0.1:8080");

    private static EndPoint Upstream(YamlField field) =>
        Addresses.TryParseServer(field.Text()) ?? throw field.Error(Addresses.AllowedServers);
}
