using System.Net;
using JustRunIt.Hosting;
using JustRunIt.Hosting.Configuration;
using JustRunIt.ProxyNode.Installing;
using JustRunIt.ProxyNode.Protocols;
using JustRunIt.ProxyNode.Relaying;
using JustRunIt.ProxyNode.Sandboxes;

namespace JustRunIt.ProxyNode.Configuration;

/// <summary>The proxy node's configuration file, YAML or JSON; the format is described in <c>docs/configuration.md</c>.</summary>
internal static class NodeFile
{
    private const int DefaultMemoryMebibytes = 64;

    private static readonly string[] RelayFields =
    [
        "listen", "install", "endIdle", "protocol", "upstream", "vm",
        "maxConnections", "maxConnectionsPerSource", "headTimeout", "idleTimeout", "goneTimeout",
    ];

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

        return new NodeSettings(
            root.Required("node").Name(),
            root.Optional("reportEvery")?.Duration(TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(1)) ?? TimeSpan.FromSeconds(1),
            tiers)
        {
            File = Path.GetFullPath(file),
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
            field.Required("service").Name(),
            field.Required("tier").Name(),
            relay,
            outProxies,
            RulesFile.Read(field),
            (field.Optional("memoryMiB")?.Whole(1, 65536) ?? DefaultMemoryMebibytes) * 1024L * 1024);
    }

    private static OutProxySettings OutProxy(YamlField field)
    {
        field.Group(["name", .. RelayFields, "sandboxListen", "sandboxClients"]);
        var relay = Relay(field);
        if (relay.Protocol is not IMessageProtocol)
            Refuse(field, ["sandboxListen", "sandboxClients"], relay.Protocol);
        var listen = relay.Protocol is IMessageProtocol ? field.Required("sandboxListen") : null;
        var settings = new OutProxySettings(field.Required("name").Name(), relay, listen is null ? null : Listen(listen));
        if (field.Optional("sandboxClients") is { } clients)
            return settings with { Clients = Clients(clients) };
        return listen is null || SandboxClients.IsClosed(settings.SandboxListen!)
            ? settings
            : throw listen.Error("a loopback address, such as 127.0.0.1:9103, or another one together with sandboxClients");
    }

    private static RelaySettings Relay(YamlField field)
    {
        var upstream = field.Required("upstream").Endpoint(EndpointKinds.HostName | EndpointKinds.Unix).ToEndPoint();
        var protocol = Protocol(field);
        if (protocol is not IMessageProtocol)
            Refuse(field, ["headTimeout"], protocol);
        return new RelaySettings(Listen(field.Required("listen")), upstream)
        {
            Protocol = protocol,
            Install = Install(field, upstream),
            EndIdle = EndIdle(field, protocol),
            Vm = field.Optional("vm")?.Name(),
            Limits = Limits(field),
        };
    }

    private static ConnectionLimits Limits(YamlField field)
    {
        var defaults = new ConnectionLimits();
        return new ConnectionLimits
        {
            MaxConnections = field.Optional("maxConnections")?.Whole(1, ConnectionLimits.MostAllowed),
            MaxConnectionsPerSource = field.Optional("maxConnectionsPerSource")?.Whole(1, ConnectionLimits.MostAllowed),
            HeadTimeout = Time("headTimeout", TimeSpan.Zero) ?? defaults.HeadTimeout,
            IdleTimeout = Time("idleTimeout", TimeSpan.Zero) ?? defaults.IdleTimeout,
            GoneTimeout = Time("goneTimeout", ConnectionLimits.ShortestGone) ?? defaults.GoneTimeout,
        };

        TimeSpan? Time(string name, TimeSpan shortest) => field.Optional(name)?.Duration(shortest, ConnectionLimits.LongestTime);
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

    private static TimeSpan? EndIdle(YamlField field, IProtocol protocol)
    {
        if (field.Optional("endIdle") is not { } endIdle)
            return null;
        if (field.Optional("install") is null)
            throw endIdle.Error("none without install");
        return IdleEnding.WhyNotOf(protocol) is { } why
            ? throw endIdle.Error(why)
            : endIdle.Duration(IdleEnding.Shortest, ConnectionLimits.LongestTime);
    }

    private static SandboxClients Clients(YamlField field)
    {
        var words = field.List();
        return SandboxClients.Parse(words.Select(word => word.Text()), out var wrong)
            ?? throw words.First(word => word.Text() == wrong).Error(SandboxClients.Allowed);
    }

    private static IPEndPoint Listen(YamlField field) => field.Endpoint(EndpointKinds.AnyPort).Ip!;
}
