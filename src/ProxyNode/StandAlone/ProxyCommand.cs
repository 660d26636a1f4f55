using System.CommandLine;
using System.Globalization;
using System.Net;
using JustRunIt.Events.Store.Configuration;
using JustRunIt.ProxyNode.Configuration;
using JustRunIt.ProxyNode.Installing;
using JustRunIt.ProxyNode.Protocols;
using JustRunIt.ProxyNode.Recording;

namespace JustRunIt.ProxyNode.StandAlone;

/// <summary><c>justrunit proxy</c>: one proxy without bus or database.</summary>
internal static class ProxyCommand
{
    private const int BadInput = 2;

    private static readonly Option<string> Role = new("--role") { Description = "in: before a server; out: between a server and its next tier", HelpName = "in|out", Required = true };
    private static readonly Option<string> Protocol = new("--protocol") { Description = $"what both sides speak: {ProtocolRegistry.Names}", HelpName = "NAME", DefaultValueFactory = _ => ProtocolRegistry.Default.Name };
    private static readonly Option<string?> Listen = new("--listen") { Description = "where clients connect; with --install a free port unless given, without it required", HelpName = "IP:PORT" };
    private static readonly Option<string> Upstream = new("--upstream") { Description = "the server behind the proxy", HelpName = "HOST:PORT", Required = true };
    private static readonly Option<string?> Install = new("--install") { Description = "redirect new connections to an address (--upstream's, or the one given) to the proxy while it lives, by nftables; open connections are left alone. When the proxy dies it is bypassed within a second", HelpName = "IP:PORT", Arity = ArgumentArity.ZeroOrOne };
    private static readonly Option<string> Drain = new("--drain") { Description = "with --install: how long redirected connections may go on after the proxy was told to end (SIGTERM or Ctrl-C; a second one ends it at once)", HelpName = "DURATION", DefaultValueFactory = _ => "30s" };
    private static readonly Option<string?> Sandbox = new("--sandbox") { Description = "in: the clone, which gets the duplicates; out: where the clone connects, and is answered from the record only. Without it, bytes are only relayed and measured", HelpName = "IP:PORT" };
    private static readonly Option<string?> TimeShift = new("--time-shift") { Description = "how far the clone is behind; longer than the longest response time (10s; out: the peer's)", HelpName = "DURATION" };
    private static readonly Option<double> Speed = new("--speed") { Description = "in: how much faster than on-line the duplicates follow each other, from 0.1 to 10", HelpName = "FACTOR", DefaultValueFactory = _ => 1 };
    private static readonly Option<string?> Peer = new("--peer") { Description = "admin address of the other proxy around the same server. in: its matches are in the report; out: its time shift is used", HelpName = "HOST:PORT" };
    private static readonly Option<string?> Rules = new("--rules") { Description = "the service's rules, YAML or JSON (docs/configuration.md)", HelpName = "FILE" };
    private static readonly Option<string?> Admin = new("--admin") { Description = "serves GET /report, the figures as JSON; GET /metrics, those of Prometheus; and POST /reset, which starts the report anew", HelpName = "IP:PORT" };
    private static readonly Option<int> Memory = new("--memory") { Description = "bound of the shadow queue or of the record in MiB, from 1 to 65536; past it duplicates are shed and counted", HelpName = "MIB", DefaultValueFactory = _ => 64 };

    /// <summary>Parses and runs.</summary>
    public static async Task<int> RunAsync(string[] args)
    {
        var root = new RootCommand("One proxy around a live server, without bus or database: relays, measures, and repeats the traffic at a clone");
        foreach (var option in new Option[] { Role, Protocol, Listen, Upstream, Install, Drain, Sandbox, TimeShift, Speed, Peer, Rules, Admin, Memory })
            root.Options.Add(option);
        using var signals = new EndSignals();
        root.SetAction((parsed, _) => RunAsync(parsed, signals));
        var parsed = root.Parse(args);
        if (parsed.Errors.Count > 0)
        {
            foreach (var error in parsed.Errors)
                await Console.Error.WriteLineAsync(error.Message);
            await Console.Error.WriteLineAsync("'./justrunit proxy --help' lists what is allowed");
            return BadInput;
        }

        try
        {
            return await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null });
        }
        catch (ConfigurationException e)
        {
            await Console.Error.WriteLineAsync(e.Message);
            return BadInput;
        }
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
        var upstream = Text(parsed, Upstream, Addresses.TryParse, "HOST:PORT, such as 127.0.0.1:8080")!;
        var install = InstallOf(parsed, upstream);
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
            Speed = Number(parsed, Speed, 0.1, 10),
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
        const string Allowed = "IP:PORT, such as 10.0.0.5:8080";
        var address = parsed.GetValue(Install) is null
            ? upstream as IPEndPoint ?? throw Wrong(Upstream, upstream.ToString()!, "IP:PORT where --install is given, such as 10.0.0.5:8080")
            : Text(parsed, Install, Addresses.TryParseLocal, Allowed)!;
        if (address.Port == 0 || address.Address.Equals(IPAddress.Any) || address.Address.Equals(IPAddress.IPv6Any))
            throw Wrong(Install, address.ToString(), Allowed);
        return upstream is IPEndPoint ? address : throw Wrong(Upstream, upstream.ToString()!, "IP:PORT where --install is given, such as 10.0.0.5:8080");
    }

    private static TimeSpan? Duration(string text)
    {
        var unit = text.TrimStart([.. "0123456789."]);
        double? milliseconds = unit switch { "ms" => 1, "s" => 1000, "min" => 60_000, "h" => 3_600_000, _ => null };
        return milliseconds is { } factor
            && double.TryParse(text[..^unit.Length], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
            && number * factor is >= 1 and <= 3_600_000
                ? TimeSpan.FromMilliseconds(number * factor)
                : null;
    }

    private static T? Text<T>(ParseResult parsed, Option option, Func<string, T?> read, string allowed) where T : class =>
        parsed.GetResult(option)?.GetValueOrDefault<string?>() is not { } text ? null : read(text) ?? throw Wrong(option, text, allowed);

    private static T? Text<T>(ParseResult parsed, Option option, Func<string, T?> read, string allowed) where T : struct =>
        parsed.GetResult(option)?.GetValueOrDefault<string?>() is not { } text ? null : read(text) ?? throw Wrong(option, text, allowed);

    private static double Number<T>(ParseResult parsed, Option<T> option, double minimum, double maximum) where T : IConvertible
    {
        var value = parsed.GetValue(option)!.ToDouble(CultureInfo.InvariantCulture);
        return value >= minimum && value <= maximum
            ? value
            : throw Wrong(option, string.Create(CultureInfo.InvariantCulture, $"{value}"), string.Create(CultureInfo.InvariantCulture, $"a number from {minimum} to {maximum}"));
    }

    private static ConfigurationException Wrong(Option option, string text, string allowed) =>
        new($"command line: {option.Name}: '{text}'; allowed is {allowed}");
}
