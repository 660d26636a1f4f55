using System.CommandLine;
using System.Net;
using JustRunIt.Hosting.Configuration;
using JustRunIt.ProxyNode.Configuration;
using JustRunIt.ProxyNode.Installing;
using JustRunIt.ProxyNode.Protocols;
using JustRunIt.ProxyNode.Recording;
using static JustRunIt.ProxyNode.StandAlone.Values;

namespace JustRunIt.ProxyNode.StandAlone;

/// <summary><c>justrunit proxy</c>: one proxy without bus or database.</summary>
internal static class ProxyCommand
{
    private static readonly Option<string> Role = new("--role") { Description = "in: before a server; out: between a server and its next tier", HelpName = "in|out", Required = true };
    private static readonly Option<string> Protocol = new("--protocol") { Description = $"what both sides speak: {ProtocolRegistry.Names}", HelpName = "NAME", DefaultValueFactory = _ => ProtocolRegistry.Default.Name };
    private static readonly Option<string?> Listen = new("--listen") { Description = "where clients connect; with --install a free port unless given, without it required", HelpName = "IP:PORT" };
    private static readonly Option<string> Upstream = new("--upstream") { Description = "the server behind the proxy; of one on this machine its Unix socket, if it has one, costs least", HelpName = "HOST:PORT|unix:PATH", Required = true };
    private static readonly Option<string?> Install = new("--install") { Description = "redirect new connections to an address (--upstream's, or the one given, which must be given with unix:PATH) to the proxy while it lives, by nftables; open connections are left alone. When the proxy dies it is bypassed within a second", HelpName = "IP:PORT", Arity = ArgumentArity.ZeroOrOne };
    private static readonly Option<string> Drain = new("--drain") { Description = "with --install: how long redirected connections may go on after the proxy was told to end (SIGTERM or Ctrl-C; a second one ends it at once)", HelpName = "DURATION", DefaultValueFactory = _ => "30s" };
    private static readonly Option<string?> Sandbox = new("--sandbox") { Description = "in: the clone, which gets the duplicates; out: where the clone connects, and is answered from the record only. Without it, bytes are only relayed and measured", HelpName = "IP:PORT" };
    private static readonly Option<string?> TimeShift = new("--time-shift") { Description = "how far the clone is behind; longer than the longest response time (10s; out: the peer's)", HelpName = "DURATION" };
    private static readonly Option<double> Speed = new("--speed") { Description = "in: how many sessions begin at the clone for one on-line, from 0.1 to 10; within a session nothing changes. Below 1 sessions are deferred, each more than the one before; above 1 they must be held back first, see --hold", HelpName = "FACTOR", DefaultValueFactory = _ => 1 };
    private static readonly Option<string?> Hold = new("--hold") { Description = "in, with --speed above 1: how long sessions are held back; lasts for HOLD / (1 - 1/FACTOR) of arrivals, then the speed is 1", HelpName = "DURATION" };
    private static readonly Option<string?> Record = new("--record") { Description = "in: record the on-line traffic into a new file, which 'replay --trace' repeats; http and ajp13", HelpName = "FILE" };
    private static readonly Option<int> RecordLimit = new("--record-limit") { Description = "size in MiB at which the recording ends, from 1 to 1048576", HelpName = "MIB", DefaultValueFactory = _ => 1024 };
    private static readonly Option<string?> Peer = new("--peer") { Description = "admin address of the other proxy around the same server. in: its matches are in the report; out: its time shift is used", HelpName = "HOST:PORT" };
    private static readonly Option<string?> Rules = new("--rules") { Description = "the service's rules, YAML or JSON (docs/configuration.md)", HelpName = "FILE" };
    private static readonly Option<string?> Admin = new("--admin") { Description = "serves GET /report, the figures as JSON; GET /metrics, those of Prometheus; and POST /reset, which starts the report anew", HelpName = "IP:PORT" };
    private static readonly Option<int> Memory = new("--memory") { Description = "bound of the shadow queue or of the record in MiB, from 1 to 65536; past it duplicates are shed and counted", HelpName = "MIB", DefaultValueFactory = _ => 64 };

    /// <summary>Parses and runs.</summary>
    public static async Task<int> RunAsync(string[] args)
    {
        var root = new RootCommand("One proxy around a live server, without bus or database: relays, measures, and repeats the traffic at a clone");
        foreach (var option in new Option[] { Role, Protocol, Listen, Upstream, Install, Drain, Sandbox, TimeShift, Speed, Hold, Record, RecordLimit, Peer, Rules, Admin, Memory })
            root.Options.Add(option);
        using var signals = new EndSignals();
        root.SetAction((parsed, _) => RunAsync(parsed, signals));
        return await RunCommandAsync(root, args, "proxy");
    }

    private static async Task<int> RunAsync(ParseResult parsed, EndSignals signals)
    {
        var options = Read(parsed);
        if (options is { Role: ProxyRole.Out, Sandbox: not null, Peer: { } peer } && parsed.GetValue(TimeShift) is null)
            options = options with { TimeShift = await AdminClient.TimeShiftOfAsync(peer, TimeProvider.System, signals.End) };
        return await StandAloneProxy.RunAsync(options, TimeProvider.System, signals.End, signals.AtOnce);
    }

    private static ProxyOptions Read(ParseResult parsed)
    {
        var upstream = Text(parsed, Upstream, Addresses.TryParseServer, Addresses.AllowedServers)!;
        var install = InstallOf(parsed, upstream);
        var speed = Number(parsed, Speed, 0.1, 10);
        var hold = Text(parsed, Hold, Duration, "a duration with its unit from 1ms to 1h, such as 30s");
        if (speed > 1 != hold is not null)
            throw new ConfigurationException($"command line: --hold: {(hold is null ? "missing; allowed is a duration such as 30s where --speed is above 1" : $"'{parsed.GetValue(Hold)}'; allowed is none where --speed is not above 1")}");
        return new ProxyOptions
        {
            Role = Text(parsed, Role, text => text switch { "in" => ProxyRole.In, "out" => ProxyRole.Out, _ => (ProxyRole?)null }, "in or out")!.Value,
            Protocol = Text(parsed, Protocol, ProtocolRegistry.Find, ProtocolRegistry.Names)!,
            Listen = Text(parsed, Listen, Addresses.TryParseLocal, "IP:PORT, such as 127.0.0.1:8080")
                ?? (install is null ? throw new ConfigurationException("command line: --listen: missing; allowed is IP:PORT, or --install") : Installation.DefaultListen(install)),
            Upstream = upstream,
            Install = install,
            Drain = Text(parsed, Drain, text => text == "0s" ? TimeSpan.Zero : Duration(text), "a duration with its unit from 0s to 1h, such as 30s")!.Value,
            Sandbox = Text(parsed, Sandbox, Addresses.TryParseLocal, "IP:PORT, such as 127.0.0.1:8080"),
            TimeShift = Text(parsed, TimeShift, Duration, "a duration with its unit from 1ms to 1h, such as 2s") ?? TimeSpan.FromSeconds(10),
            Speed = speed,
            Record = parsed.GetValue(Record),
            RecordLimitBytes = (long)Number(parsed, RecordLimit, 1, 1 << 20) << 20,
            Hold = hold ?? TimeSpan.Zero,
            Peer = Text(parsed, Peer, Addresses.TryParse, "HOST:PORT, such as 127.0.0.1:9000"),
            Rules = parsed.GetValue(Rules) is { } file ? RulesFile.Read(file) : ServiceRules.None,
            Admin = Text(parsed, Admin, Addresses.TryParseLocal, "IP:PORT, such as 127.0.0.1:9000"),
            MemoryLimitBytes = (long)Number(parsed, Memory, 1, 65536) << 20,
        };
    }

    private static IPEndPoint? InstallOf(ParseResult parsed, EndPoint upstream)
    {
        if (parsed.GetResult(Install) is null)
            return null;
        const string Allowed = "IP:PORT of one address, such as 10.0.0.5:8080";
        var address = parsed.GetValue(Install) is null
            ? upstream as IPEndPoint
            : Text(parsed, Install, Addresses.TryParseInstallable, Allowed);
        return !Installation.IsPossibleBefore(upstream)
            ? throw Wrong(Upstream, parsed.GetValue(Upstream)!, "IP:PORT where --install is given, such as 10.0.0.5:8080, or unix:PATH")
            : address ?? throw new ConfigurationException($"command line: --install: missing address; allowed is {Allowed}, where --upstream is unix:PATH");
    }
}
