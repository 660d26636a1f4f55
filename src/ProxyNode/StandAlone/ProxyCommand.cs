using System.CommandLine;
using System.Globalization;
using System.Net;
using JustRunIt.Hosting;
using JustRunIt.Hosting.Configuration;
using JustRunIt.ProxyNode.Configuration;
using JustRunIt.ProxyNode.Installing;
using JustRunIt.ProxyNode.Protocols;
using JustRunIt.ProxyNode.Recording;
using JustRunIt.ProxyNode.Relaying;
using JustRunIt.ProxyNode.Sandboxes;
using static JustRunIt.ProxyNode.StandAlone.OptionValues;

namespace JustRunIt.ProxyNode.StandAlone;

/// <summary><c>justrunit proxy</c>: one proxy without bus or database.</summary>
internal static class ProxyCommand
{
    private const string Example =
        "--role in --listen 127.0.0.1:8081 --upstream 127.0.0.1:8080 --sandbox 10.0.0.9:8080 --time-shift 2s --admin 127.0.0.1:9000";

    private const EndpointKinds Server = EndpointKinds.HostName | EndpointKinds.Unix;

    private static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan Longest = TimeSpan.FromHours(1);

    private static readonly Option<string?> Role = new("--role")
    {
        Description = "in: before a server; out: between a server and its next tier",
        HelpName = "in|out",
        Required = true,
    };

    private static readonly Option<string?> Protocol = new("--protocol")
    {
        Description = $"what both sides speak: {ProtocolRegistry.Names}; of tcp nothing is understood: it is only relayed",
        HelpName = "NAME",
        DefaultValueFactory = _ => ProtocolRegistry.Default.Name,
    };

    private static readonly Option<string?> Listen = new("--listen")
    {
        Description = "where clients connect; with --install a free port unless given, without it required",
        HelpName = "IP:PORT",
    };

    private static readonly Option<string?> Upstream = new("--upstream")
    {
        Description = "the server behind the proxy; of one on this machine its Unix socket, if it has one, costs least",
        HelpName = "HOST:PORT|unix:PATH",
        Required = true,
    };

    private static readonly Option<string?> Install = new("--install")
    {
        Description = "redirect new connections to an address (--upstream's, or the one given, which must be given with unix:PATH) to the "
            + "proxy while it lives, by nftables; open connections are left alone. When the proxy dies it is bypassed within a second",
        HelpName = "IP:PORT",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private static readonly Option<string?> EndIdle = new("--end-idle")
    {
        Description = "with --install: connections that were open before, and go past the proxy, are reset one by one when nothing has "
            + "passed on them for so long, so that their clients open them anew; for protocols without transactions",
        HelpName = "DURATION",
    };

    private static readonly Option<string?> Drain = new("--drain")
    {
        Description = "with --install: how long redirected connections may go on after the proxy was told to end (SIGTERM or Ctrl-C; a "
            + "second one ends it at once)",
        HelpName = "DURATION",
        DefaultValueFactory = _ => "30s",
    };

    private static readonly Option<string?> Sandbox = new("--sandbox")
    {
        Description = "in: the clone, which gets the duplicates; out: where the clone connects, and is answered from the record only. "
            + "Without it, bytes are only relayed and measured",
        HelpName = "IP:PORT",
    };

    private static readonly Option<string?> Clone = new("--clone")
    {
        Description = "out: who is answered at --sandbox, separated by commas: " + SandboxClients.Allowed + " (clones in this host's "
            + "sandboxes, and on the loopback address processes of the proxy's own user); must be given where --sandbox is no loopback "
            + "address",
        HelpName = "ADDRESS,...",
    };

    private static readonly Option<string?> TimeShift = new("--time-shift")
    {
        Description = "how far the clone is behind; longer than the longest response time (10s; out: the peer's)",
        HelpName = "DURATION",
    };

    private static readonly Option<double> Speed = new("--speed")
    {
        Description = "in: how many sessions begin at the clone for one on-line, from 0.1 to 10; within a session nothing changes. Below 1 "
            + "sessions are deferred, each more than the one before; above 1 they must be held back first, see --hold",
        HelpName = "FACTOR",
        DefaultValueFactory = _ => 1,
    };

    private static readonly Option<string?> Hold = new("--hold")
    {
        Description = "in, with --speed above 1: how long sessions are held back; lasts for HOLD / (1 - 1/FACTOR) of arrivals, then the "
            + "speed is 1",
        HelpName = "DURATION",
    };

    private static readonly Option<string?> Record = new("--record")
    {
        Description = $"in: record the on-line traffic into a new file, which 'replay --trace' repeats; {ProtocolRegistry.TraceableNames}",
        HelpName = "FILE",
    };

    private static readonly Option<int> RecordLimit = new("--record-limit")
    {
        Description = "size in MiB at which the recording ends, from 1 to 1048576",
        HelpName = "MIB",
        DefaultValueFactory = _ => 1024,
    };

    private static readonly Option<string?> Peer = new("--peer")
    {
        Description = "admin address of the other proxy around the same server. in: its matches are in the report; out: its time shift is "
            + "used",
        HelpName = "HOST:PORT|unix:PATH",
    };

    private static readonly Option<string?> Rules = new("--rules")
    {
        Description = "the service's rules, YAML or JSON (docs/configuration.md); read again at SIGHUP and by 'rules reload'",
        HelpName = "FILE",
    };

    private static readonly Option<string?> Admin = new("--admin")
    {
        Description = "serves GET /report, the figures as JSON; GET /metrics, those of Prometheus; POST /reset, which starts the report "
            + "anew; and POST /rules, which reads the rules again; over the network to whoever has the token, by a Unix socket to its "
            + "owner",
        HelpName = "IP:PORT|unix:PATH",
    };

    private static readonly Option<string?> Token = new("--admin-token")
    {
        Description = "file with the token of --admin and --peer; made where it is not there (admin.token in .justrunit)",
        HelpName = "FILE",
    };

    private static readonly Option<int> Memory = new("--memory")
    {
        Description = "bound of the shadow queue or of the record in MiB, from 1 to 65536; past it duplicates are shed and counted",
        HelpName = "MIB",
        DefaultValueFactory = _ => 64,
    };

    private static readonly Option<string?> MaxConnections = new("--max-connections")
    {
        Description = "most client connections; any more are refused in the protocol's words. Without it as many as there are descriptors "
            + "for, and one that idles gives way to a new one",
        HelpName = "NUMBER",
    };

    private static readonly Option<string?> MaxConnectionsPerSource = new("--max-connections-per-source")
    {
        Description = "most client connections from one address; any more are refused. Without it any number",
        HelpName = "NUMBER",
    };

    private static readonly Option<string?> HeadTimeout = new("--head-timeout")
    {
        Description = "how long a client may take over a request's head, or its log-in; 0s: as long as it likes",
        HelpName = "DURATION",
        DefaultValueFactory = _ => "60s",
    };

    private static readonly Option<string?> IdleTimeout = new("--idle-timeout")
    {
        Description = "how long a connection may idle; 0s: as long as it likes, on which pools of database connections rely",
        HelpName = "DURATION",
        DefaultValueFactory = _ => "0s",
    };

    private static readonly Option<string?> GoneTimeout = new("--gone-timeout")
    {
        Description = "how long the server may be silent to a client that has closed its side, before both connections end",
        HelpName = "DURATION",
        DefaultValueFactory = _ => "60s",
    };

    /// <summary>What means something only where messages are understood.</summary>
    private static readonly Option[] MessageOptions =
        [Sandbox, Clone, TimeShift, Speed, Hold, Record, RecordLimit, Peer, Rules, Memory, HeadTimeout];

    private static readonly Option[] Options =
    [
        Role, Protocol, Listen, Upstream, Install, EndIdle, Drain, Sandbox, Clone, TimeShift, Speed, Hold, Record, RecordLimit, Peer, Rules,
        Admin, Token, Memory, MaxConnections, MaxConnectionsPerSource, HeadTimeout, IdleTimeout, GoneTimeout,
    ];

    /// <summary>Parses and runs.</summary>
    public static async Task<int> RunAsync(string[] args)
    {
        var root = new RootCommand(
            "One proxy around a live server, without bus or database: relays, measures, and repeats the traffic at a clone");
        foreach (var option in Options)
            root.Options.Add(option);
        using var signals = new EndSignals();
        root.SetAction((parsed, _) => RunAsync(parsed, signals));
        return await RunCommandAsync(root, args, "proxy", Example);
    }

    private static async Task<int> RunAsync(ParseResult parsed, EndSignals signals)
    {
        var options = Read(parsed);
        if (options is { Role: ProxyRole.Out, Sandbox: not null, Peer: { } peer } && !IsGiven(parsed, TimeShift))
        {
            var shift = await AdminClient.TimeShiftOfAsync(peer, options.AdminToken, TimeProvider.System, signals.End);
            options = options with { TimeShift = shift };
        }

        return await StandAloneProxy.RunAsync(options, TimeProvider.System, signals.End, signals.AtOnce);
    }

    private static ProxyOptions Read(ParseResult parsed)
    {
        var role = Value(
            parsed, Role, text => text switch { "in" => ProxyRole.In, "out" => ProxyRole.Out, _ => (ProxyRole?)null }, "in or out")!.Value;
        var protocol = Value(parsed, Protocol, ProtocolRegistry.Find, ProtocolRegistry.Names)!;
        if (protocol is not IMessageProtocol && Array.Find(MessageOptions, option => IsGiven(parsed, option)) is { } refused)
            throw Wrong(refused, Text(parsed, refused) ?? "", $"none where protocol {protocol.Name} is only relayed");
        var upstream = Address(parsed, Upstream, Server)!;
        var install = InstallOf(parsed, upstream);
        var speed = Number(parsed, Speed, 0.1, 10);
        return new ProxyOptions
        {
            Role = role,
            Protocol = protocol,
            Listen = Address(parsed, Listen, EndpointKinds.AnyPort)?.Ip ?? DefaultListen(install),
            Upstream = upstream,
            Install = install,
            EndIdle = EndIdleOf(parsed, install, protocol),
            Drain = Duration(parsed, Drain, TimeSpan.Zero, Longest)!.Value,
            Sandbox = Address(parsed, Sandbox, role == ProxyRole.Out ? EndpointKinds.AnyPort : EndpointKinds.Address)?.Ip,
            Clients = ClientsOf(parsed, role),
            TimeShift = Duration(parsed, TimeShift, Shortest, Longest) ?? TimeSpan.FromSeconds(10),
            Speed = speed,
            Record = parsed.GetValue(Record),
            RecordLimitBytes = (long)Number(parsed, RecordLimit, 1, 1 << 20) << 20,
            Hold = HoldOf(parsed, speed),
            Peer = Address(parsed, Peer, EndpointKinds.HostName | EndpointKinds.Unix),
            Rules = parsed.GetValue(Rules) is { } file ? RulesFile.Read(file) : ServiceRules.None,
            RulesFile = parsed.GetValue(Rules) is { } read ? Path.GetFullPath(read) : null,
            Admin = Address(parsed, Admin, EndpointKinds.AnyPort | EndpointKinds.Unix),
            AdminToken = parsed.GetValue(Token),
            MemoryLimitBytes = (long)Number(parsed, Memory, 1, 65536) << 20,
            Limits = LimitsOf(parsed),
        };
    }

    private static ConnectionLimits LimitsOf(ParseResult parsed)
    {
        return new ConnectionLimits
        {
            MaxConnections = Count(MaxConnections),
            MaxConnectionsPerSource = Count(MaxConnectionsPerSource),
            HeadTimeout = Duration(parsed, HeadTimeout, TimeSpan.Zero, ConnectionLimits.LongestTime)!.Value,
            IdleTimeout = Duration(parsed, IdleTimeout, TimeSpan.Zero, ConnectionLimits.LongestTime)!.Value,
            GoneTimeout = Duration(parsed, GoneTimeout, ConnectionLimits.ShortestGone, ConnectionLimits.LongestTime)!.Value,
        };

        int? Count(Option<string?> option) => Value<int?>(
            parsed,
            option,
            text => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var count)
                && count is >= 1 and <= ConnectionLimits.MostAllowed ? count : null,
            $"a number from 1 to {ConnectionLimits.MostAllowed}");
    }

    private static SandboxClients? ClientsOf(ParseResult parsed, ProxyRole role)
    {
        if (Text(parsed, Clone) is not { } text)
            return null;
        if (role != ProxyRole.Out || !IsGiven(parsed, Sandbox))
            throw Wrong(Clone, text, "none without --role out and --sandbox");
        return SandboxClients.Parse(text.Split(','), out var wrong) ?? throw Wrong(Clone, wrong!, SandboxClients.Allowed);
    }

    private static TimeSpan HoldOf(ParseResult parsed, double speed) => (speed > 1, Duration(parsed, Hold, Shortest, Longest)) switch
    {
        (true, null) => throw new ConfigurationException(
            "command line: --hold: missing; allowed is a duration such as 30s where --speed is above 1"),
        (false, not null) => throw Wrong(Hold, parsed.GetValue(Hold)!, "none where --speed is not above 1"),
        (_, var hold) => hold ?? TimeSpan.Zero,
    };

    private static IPEndPoint DefaultListen(IPEndPoint? install) => install is null
        ? throw new ConfigurationException("command line: --listen: missing; allowed is IP:PORT, or --install")
        : Installation.DefaultListen(install);

    private static TimeSpan? EndIdleOf(ParseResult parsed, IPEndPoint? install, IProtocol protocol)
    {
        if (Duration(parsed, EndIdle, IdleEnding.Shortest, Longest) is not { } time)
            return null;
        if (install is null)
            throw Wrong(EndIdle, parsed.GetValue(EndIdle)!, "none without --install");
        return IdleEnding.WhyNotOf(protocol) is { } why ? throw Wrong(EndIdle, parsed.GetValue(EndIdle)!, why) : time;
    }

    private static IPEndPoint? InstallOf(ParseResult parsed, Endpoint upstream)
    {
        if (!IsGiven(parsed, Install))
            return null;
        if (!Installation.IsPossibleBefore(upstream.ToEndPoint()))
            throw Wrong(Upstream, $"{upstream}", "IP:PORT where --install is given, such as 10.0.0.5:8080, or unix:PATH");
        var address = Text(parsed, Install) is null ? upstream : Address(parsed, Install, EndpointKinds.Address)!;
        return address.Ip is null
            ? throw new ConfigurationException(
                $"command line: --install: missing address; allowed is {Installation.Allowed}, where --upstream is unix:PATH")
            : address.IsOpen ? throw Wrong(Install, $"{address}", Installation.Allowed)
            : address.Ip;
    }
}
