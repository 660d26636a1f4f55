using System.Net;
using JustRunIt.Hosting;
using JustRunIt.Hosting.Configuration;
using JustRunIt.ProxyNode.Installing;
using JustRunIt.ProxyNode.Protocols;

namespace JustRunIt.ProxyNode.Configuration;

/// <summary>The proxy node's configuration file, YAML or JSON; the format is described in <c>docs/configuration.md</c>.</summary>
internal static class NodeFile
{
    private const int DefaultMemoryMebibytes = 64;

    private static readonly string[] RelayFields = ["listen", "install", "protocol", "upstream", "vm"];

    /// <summary>Of a tier, what means something only where the messages of one of its proxies are understood.</summary>
    private static readonly string[] MessageFields = ["memoryMiB", .. RulesFile.Fields];

    /// <summary>Reads and checks a file.</summary>
    /// <exception cref="ConfigurationException">The first thing that is wrong in it.</exception>
    public static NodeSettings Read(string file)
    {
        var root = YamlField.Root(file).Group("node", "reportEvery", "drain", "tiers");
        var tiers = new List<TierSettings>();
        foreach (var field in root.Required("tiers").List())
        {
            var tier = Tier(field.Group(["service", "tier", .. RelayFields, "outProxies", .. MessageFields]));
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
        var relay = Relay(field);
        var outProxies = field.Optional("outProxies")?.List().Select(OutProxy).ToList() ?? [];
        if (relay.Protocol is not IMessageProtocol && !outProxies.Exists(next => next.Relay.Protocol is IMessageProtocol))
            Refuse(field, MessageFields, relay.Protocol);
        if (relay.Protocol is not IMessageProtocol)
            Refuse(field, RulesFile.InProxyFields, relay.Protocol);
        return new TierSettings(
            field.Required("service").Text(),
            field.Required("tier").Text(),
            relay,
            outProxies,
            RulesFile.Read(field),
            (field.Optional("memoryMiB")?.Whole(1, 65536) ?? DefaultMemoryMebibytes) * 1024L * 1024);
    }

    private static OutProxySettings OutProxy(YamlField field)
    {
        field.Group(["name", .. RelayFields, "sandboxListen"]);
        var relay = Relay(field);
        if (relay.Protocol is not IMessageProtocol)
            Refuse(field, ["sandboxListen"], relay.Protocol);
        return new OutProxySettings(
            field.Required("name").Text(),
            relay,
            relay.Protocol is IMessageProtocol ? Listen(field.Required("sandboxListen")) : null);
    }

    private static RelaySettings Relay(YamlField field)
    {
        var upstream = field.Required("upstream").Endpoint(EndpointKinds.HostName | EndpointKinds.Unix).ToEndPoint();
        return new RelaySettings(Listen(field.Required("listen")), upstream)
        {
            Protocol = Protocol(field),
            Install = Install(field, upstream),
            Vm = field.Optional("vm")?.Text(),
        };
    }

    /// <summary>A protocol that is only relayed has no clone, and nothing of it is read: what asks for that is a mistake.</summary>
    private static void Refuse(YamlField field, IEnumerable<string> names, IProtocol protocol)
    {
        if (names.Select(field.Optional).FirstOrDefault(asked => asked is not null) is { } refused)
            throw refused.Error($"none where protocol {protocol.Name} is only relayed");
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
        var address = install.Endpoint(EndpointKinds.Address);
        return address.IsOpen ? throw install.Error(Installation.Allowed) : address.Ip;
    }

    private static IPEndPoint Listen(YamlField field) => field.Endpoint(EndpointKinds.AnyPort).Ip!;
}
