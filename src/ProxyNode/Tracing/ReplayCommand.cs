using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using JustRunIt.Hosting;
using JustRunIt.ProxyNode.Configuration;
using JustRunIt.ProxyNode.Measuring;
using JustRunIt.ProxyNode.Protocols;
using JustRunIt.ProxyNode.Recording;
using JustRunIt.ProxyNode.Replaying.Comparing;
using JustRunIt.ProxyNode.StandAlone;
using static JustRunIt.ProxyNode.StandAlone.OptionValues;

namespace JustRunIt.ProxyNode.Tracing;

/// <summary>
/// <c>justrunit replay</c>: repeats a recorded trace at a server, with sessions left out or multiplied, slower or faster (§2.3, §6).
/// </summary>
internal static class ReplayCommand
{
    private const string Example = "--trace shop.trace --to 10.0.0.9:8080 --sessions 200% --rules shop.yaml";

    private static readonly TimeSpan ProgressEvery = TimeSpan.FromSeconds(1);

    private static readonly Option<string?> Trace = new("--trace")
    {
        Description = "what 'proxy --record' wrote",
        HelpName = "FILE",
        Required = true,
    };

    private static readonly Option<string?> To = new("--to")
    {
        Description = "the server that gets the requests: a clone, or a copy with the state from when the trace was recorded",
        HelpName = "IP:PORT",
        Required = true,
    };

    private static readonly Option<string?> Protocol = new("--protocol")
    {
        Description = $"what the trace must be of: {ProtocolRegistry.TraceableNames} (whatever it is of)",
        HelpName = "NAME",
    };

    private static readonly Option<string?> Sessions = new("--sessions")
    {
        Description = "how many sessions are repeated, from 1% to 10000% of those recorded: 50% leaves half of them out, 200% repeats each "
            + "twice, copies with identities of their own",
        HelpName = "PERCENT",
        DefaultValueFactory = _ => "100%",
    };

    private static readonly Option<double> Speed = new("--speed")
    {
        Description = "how many sessions begin for one recorded in the same time, from 0.1 to 10; within a session nothing changes, see "
            + "--pace",
        HelpName = "FACTOR",
        DefaultValueFactory = _ => 1,
    };

    private static readonly Option<double> Pace = new("--pace")
    {
        Description = "how fast a session goes on, to how fast it did, from 0.1 to 10: 2 halves the gaps within it. A request still waits "
            + "for those that were answered before it came",
        HelpName = "FACTOR",
        DefaultValueFactory = _ => 1,
    };

    private static readonly Option<int> Seed = new("--seed")
    {
        Description = "of what is left to chance: the same seed repeats the same sessions",
        HelpName = "NUMBER",
        DefaultValueFactory = _ => 1,
    };

    private static readonly Option<string?> Rules = new("--rules")
    {
        Description =
            "the service's rules, YAML or JSON (docs/configuration.md); 'sessions' says what a session is, else each connection is "
            + "one",
        HelpName = "FILE",
    };

    private static readonly Option<bool> Json = new("--json") { Description = "write the report as JSON" };

    /// <summary>Parses and runs.</summary>
    public static async Task<int> RunAsync(string[] args)
    {
        var root = new RootCommand("Repeats recorded traffic at a server, whole sessions at a time, and measures it");
        foreach (var option in new Option[] { Trace, To, Protocol, Sessions, Speed, Pace, Seed, Rules, Json })
            root.Options.Add(option);
        using var signals = new EndSignals();
        root.SetAction((parsed, _) => RunAsync(Read(parsed), TimeProvider.System, signals.End));
        return await RunCommandAsync(root, args, "replay", Example);
    }

    /// <summary>Repeats a trace and reports on standard output; the exit code is 1 when nothing was answered.</summary>
    public static async Task<int> RunAsync(ReplayOptions options, TimeProvider clock, CancellationToken end)
    {
        using var export = OtlpExport.Start();
        using var trace = TraceFile.Open(options.Trace, options.Rules.Sessions);
        if (options.Protocol is { } expected && expected.Name != trace.Protocol.Name)
            throw Wrong(Protocol, expected.Name, $"that of the trace, {trace.Protocol.Name}");
        if (trace.CutOffBytes > 0)
        {
            await Console.Error.WriteLineAsync(
                $"the recording broke off: its last {trace.CutOffBytes} bytes are no whole exchange and are left out");
        }

        if (trace.Rules is null)
        {
            await Console.Error.WriteLineAsync(
                "the trace does not tell which rules were applied to its replies: with others than those, differences mean nothing");
        }

        var sessions = TracePlan.Sessions(trace.Exchanges, options.Rules.Sessions);
        var plan = TracePlan.Make(sessions, options.Fraction, options.Speed, options.Seed, options.Pace);
        var replay = new TraceReplay(trace, plan, options.To, options.Rules, clock);
        await Console.Error.WriteLineAsync(
            $"{sessions.Count} sessions with {trace.Exchanges.Count} requests on record; {plan.Count} with {replay.Planned} are repeated "
            + $"at {options.To}, {replay.Length.TotalSeconds:0.0} s");
        var running = replay.RunAsync(end);
        while (await Task.WhenAny(running, Task.Delay(ProgressEvery, clock, CancellationToken.None)) != running)
            await ShowAsync(replay);
        await running;
        var report = TraceReport.Of(trace, sessions.Count, plan, replay, options);
        await Console.Out.WriteLineAsync(
            options.IsJson ? JsonSerializer.Serialize(report, TraceReportJson.Default.TraceReport) : Table(report));
        return report.Sandbox.Requests > 0 ? 0 : 1;
    }

    private static Task ShowAsync(TraceReplay replay)
    {
        var soFar = replay.Sandbox.Read();
        return Console.Error.WriteLineAsync(string.Create(
            CultureInfo.InvariantCulture,
            $"{replay.Elapsed.TotalSeconds,6:0} s of {replay.Length.TotalSeconds:0}: {replay.Sent} of {replay.Planned} requests sent, ")
            + string.Create(
                CultureInfo.InvariantCulture,
                $"{soFar.Requests} answered, mean {soFar.Mean.TotalMilliseconds:0.0} ms, {soFar.Errors} errors"));
    }

    private static string Table(TraceReport report) => string.Create(
        CultureInfo.InvariantCulture,
        $"""
                      requests  1/s      mean ms  50 %     95 %     99 %     errors
        as recorded   {Line(report.Live)}
        repeated      {Line(report.Sandbox)}
        {report.Replayed.Sessions} sessions in {report.Replayed.Seconds:0.0} s; {Differing(report.Differences)}; {NotSent(report.Shed)}
        """);

    private static string NotSent(long requests) => $"{requests} requests were not sent";

    private static string Differing(Differences replies) =>
        $"of {replies.Compared} replies {replies.Status} differ in status, {replies.Length} in length, {replies.Content} in content";

    private static string Line(SideFigures side) =>
        string.Create(CultureInfo.InvariantCulture, $"{side.Requests,-9} {side.ThroughputPerSecond,-8:0.0} ")
        + string.Create(
            CultureInfo.InvariantCulture,
            $"{side.MeanMs,-8:0.00} {side.P50Ms,-8:0.00} {side.P95Ms,-8:0.00} {side.P99Ms,-8:0.00} {side.Errors}");

    private static ReplayOptions Read(ParseResult parsed) => new(
        parsed.GetValue(Trace)!,
        Address(parsed, To, EndpointKinds.Address)!.Ip!,
        Value(parsed, Protocol, ProtocolRegistry.FindTraceable, ProtocolRegistry.TraceableNames),
        Value(parsed, Sessions, Percent, "a percentage from 1% to 10000%")!.Value,
        Number(parsed, Speed, 0.1, 10),
        parsed.GetValue(Seed),
        parsed.GetValue(Rules) is { } file ? RulesFile.Read(file) : ServiceRules.None,
        parsed.GetValue(Json))
    {
        Pace = Number(parsed, Pace, 0.1, 10),
    };

    private static double? Percent(string text) =>
        text.EndsWith('%')
        && double.TryParse(text[..^1].Trim(), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var percent)
        && percent is >= 1 and <= 10000
            ? percent / 100
            : null;
}
