using System.Diagnostics;
using System.Net;
using JustRunIt.Events.Proxies;
using JustRunIt.Hosting.Configuration;
using JustRunIt.ProxyNode.Configuration;
using JustRunIt.ProxyNode.Installing;
using JustRunIt.ProxyNode.Measuring;
using JustRunIt.ProxyNode.Protocols;
using JustRunIt.ProxyNode.Recording;
using JustRunIt.ProxyNode.Relaying;
using JustRunIt.ProxyNode.Replaying;
using JustRunIt.ProxyNode.Sandboxes;

namespace JustRunIt.ProxyNode.StandAlone;

/// <summary>One proxy and its report, until it is told to end.</summary>
internal sealed class StandAloneProxy : IAsyncDisposable
{
    private readonly ProxyOptions options;
    private readonly RulesReload rules;
    private readonly TimeProvider clock;
    private readonly ResponseTimes? live;
    private readonly RecordUse? use;
    private readonly InProxy? inProxy;
    private readonly OutProxy? outProxy;
    private readonly ProxyFigures figures;
    private AdminServer? admin;
    private Baseline since;
    private Matches? lastOfPeer;

    private StandAloneProxy(ProxyOptions options, Redirection? redirection, TimeProvider clock)
    {
        // Its own: what is read again is for this proxy.
        this.options = options = options with { Rules = options.Rules.Own() };
        rules = new RulesReload(options);
        this.clock = clock;
        IReadOnlyList<ProxyFigures.Label> labels = [new("role", RoleName), new("protocol", options.Protocol.Name)];
        KeyValuePair<string, object?>[] tags = [.. labels.Select(label => new KeyValuePair<string, object?>(label.Name, label.Value))];
        since = new Baseline(clock.GetTimestamp(), null, null, null);
        if (options.Role == ProxyRole.Out)
        {
            live = options.Protocol is IMessageProtocol ? new ResponseTimes(ProxyMeter.Durations, [new("side", "live"), .. tags]) : null;
            use = options.Sandbox is null ? null : new RecordUse(options.TimeShift, new MatchCounter());
            var next = new OutProxySettings("next", RelayOf(options), options.Sandbox);
            outProxy = OutProxy.Start(
                options.Clients is { } clients ? next with { Clients = clients } : next,
                options.Rules,
                options.MemoryLimitBytes,
                () => use,
                redirection,
                live,
                clock);
        }
        else
        {
            inProxy = InProxy.Start(
                new InProxySettings(RelayOf(options), options.Rules, options.MemoryLimitBytes, tags)
                {
                    Duplication = options.Sandbox is { } sandbox
                        ? new Duplication(sandbox, options.TimeShift, options.Speed, options.Hold)
                        : null,
                    TraceFile = options.Record,
                    TraceLimitBytes = options.RecordLimitBytes,
                },
                redirection,
                clock);
            live = inProxy.ResponseTimes;
        }

        figures = new ProxyFigures
        {
            Labels = labels,
            Online = live,
            Replay = () => Replay,
            Matches = () => use?.Matches.Read(),
            Connections = () => Relay.Figures,
            Record = () => outProxy?.Recorded,
            Refused = () => outProxy?.Refused,
        };
        ProxyMeter.Add(figures);
    }

    /// <summary>Where clients connect.</summary>
    public IPEndPoint EndPoint => Relay.EndPoint;

    /// <summary>Where a clone connects, of an out-proxy; null: nowhere.</summary>
    public IPEndPoint? SandboxEndPoint => outProxy?.SandboxEndPoint;

    /// <summary>Its clients' side.</summary>
    public Relay Relay => inProxy?.Relay ?? outProxy!.Relay;

    private Replay? Replay => inProxy?.Replay;

    private string RoleName => options.Role.ToString().ToLowerInvariant();

    /// <summary>Starts a proxy that is neither installed around an address nor serves its report.</summary>
    /// <exception cref="ConfigurationException">An address cannot be listened on, or the options do not go together.</exception>
    public static StandAloneProxy Start(ProxyOptions options, TimeProvider clock) => Start(options, redirection: null, clock);

    /// <summary>Starts a proxy with all that it is told.</summary>
    /// <exception cref="ConfigurationException">An address cannot be listened on, or not be redirected.</exception>
    public static async Task<StandAloneProxy> StartAsync(ProxyOptions options, TimeProvider clock)
    {
        var redirection = await Relay.PrepareAsync(RelayOf(options), line => Console.Error.WriteLine(line)).ConfigureAwait(false);
        var proxy = Start(options, redirection, clock);
        try
        {
            if (options.Admin is not null)
            {
                proxy.admin = await AdminServer.StartAsync(
                    options.Admin,
                    options.Admin.UnixPath is null ? AdminToken.Have(options.AdminToken) : null,
                    proxy.ReportAsync,
                    proxy.Metrics,
                    proxy.ResetAsync,
                    proxy.ReadRules).ConfigureAwait(false);
            }

            await proxy.Relay.InstallAsync(line => Console.Error.WriteLine(line)).ConfigureAwait(false);
            return proxy;
        }
        catch
        {
            await proxy.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Runs a proxy until it is told to end; the exit code.</summary>
    /// <param name="options">What it was told.</param>
    /// <param name="clock">The clock.</param>
    /// <param name="end">Ends it orderly.</param>
    /// <param name="atOnce">Ends it without waiting for connections that are still open.</param>
    public static async Task<int> RunAsync(ProxyOptions options, TimeProvider clock, CancellationToken end, CancellationToken atOnce)
    {
        using var export = OtlpExport.Start();
        await using var proxy = await StartAsync(options, clock);
        if (proxy.Relay.Installed is { Past: > 0 and var past, Through: var through })
        {
            await Console.Error.WriteLineAsync(
                $"{through} of {through + past} open connections to {options.Install} go through the proxy; the others were open before, "
                + (options.EndIdle is { } time
                    ? $"and are ended one by one when nothing has passed on them for {time.TotalSeconds:0.###} s"
                    : "and go past it until their clients open them anew"));
        }

        using var hangup = proxy.rules.AtSignal(Console.Error.WriteLine);
        await Console.Error.WriteLineAsync(
            $"{proxy.RoleName}-proxy for {options.Protocol.Name} at {proxy.EndPoint}, before {options.Upstream}{proxy.Purpose()}");
        try
        {
            await Task.Delay(Timeout.Infinite, end);
        }
        catch (OperationCanceledException)
        {
            // Told to end.
        }

        if (!proxy.Relay.IsInstalled)
            return 0;
        await Console.Error.WriteLineAsync(
            $"new connections to {options.Install} go to the server; {proxy.Relay.Open} that are open may go on for "
            + $"{options.Drain.TotalSeconds:0.###} s (a second signal ends them)");
        await proxy.Relay.RemoveAsync(options.Drain, atOnce);
        return 0;
    }

    /// <summary>The figures since the start, or since <see cref="ResetAsync"/>.</summary>
    public async Task<Report> ReportAsync()
    {
        var from = Volatile.Read(ref since);
        var time = clock.GetElapsedTime(from.At);
        using var process = Process.GetCurrentProcess();
        var replay = Replay;
        var lateness = replay?.Pacer.Lateness.Read();
        // Before the matches: what a duplicate of the clone asked for was matched before its reply came, and is seen with it.
        var sandbox = replay is null ? null : SideFigures.Of(replay.ResponseTimes.Read(), SandboxTime(replay, from));
        var matches = await MatchesAsync().ConfigureAwait(false);
        var duplicates = replay?.Ledger.Read().Since(from.Duplicates);
        return new Report(
            RoleName,
            options.Protocol.Name,
            options.Sandbox is null ? 0 : options.TimeShift.TotalMilliseconds,
            live is null ? null : SideFigures.Of(live.Read(), time),
            sandbox,
            matches?.Since(from.Matches),
            duplicates?.Shed ?? 0,
            from.Since(replay?.Comparison.Read()),
            lateness is null ? null : LatenessFigures.Of(lateness),
            outProxy?.Recorded is { } record ? new RecordFigures(record.Exchanges, record.Lost) : null,
            inProxy?.Trace,
            new ProcessFigures(
                process.TotalProcessorTime.TotalSeconds,
                process.PeakWorkingSet64,
                GC.GetTotalAllocatedBytes(),
                GC.CollectionCount(0),
                Relay.Open))
        {
            SandboxFailure = replay?.LastFailure ?? duplicates?.WhyNoResult,
            Duplicates = duplicates,
            GivenUp = duplicates?.ByReason,
            AllMatches = use is null ? null : matches,
            MatchSamples = use?.Samples.Read(),
            Connections = Relay.Figures,
            Installed = Relay.Installed,
            Refused = outProxy?.Refused,
        };
    }

    /// <summary>Reads the file of rules again; what has been read, in one line.</summary>
    /// <exception cref="ConfigurationException">It is wrong; the rules are what they were.</exception>
    public string ReadRules() => rules.Read();

    /// <summary>The figures in Prometheus' text format.</summary>
    public string Metrics() => Exposition.Write([figures]);

    /// <summary>Starts the figures of the report anew.</summary>
    public async Task ResetAsync()
    {
        var matches = await MatchesAsync().ConfigureAwait(false);
        var replay = Replay;
        live?.Take();
        replay?.ResponseTimes.Take();
        replay?.Pacer.Lateness.Take();
        replay?.ForgetSamples();
        use?.Samples.Clear();
        Volatile.Write(ref since, new Baseline(clock.GetTimestamp(), matches, replay?.Ledger.Read(), replay?.Comparison.Read()));
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        ProxyMeter.Remove(figures);
        if (admin is not null)
            await admin.DisposeAsync().ConfigureAwait(false);
        if (inProxy is not null)
            await inProxy.DisposeAsync().ConfigureAwait(false);
        if (outProxy is not null)
            await outProxy.DisposeAsync().ConfigureAwait(false);
    }

    private static StandAloneProxy Start(ProxyOptions options, Redirection? redirection, TimeProvider clock)
    {
        if (options is { Sandbox: not null, Protocol: not IMessageProtocol })
        {
            throw new ConfigurationException(
                $"command line: --sandbox: '{options.Sandbox}'; allowed is none where protocol {options.Protocol.Name} is only relayed");
        }

        if (options is { Role: ProxyRole.Out, Sandbox: { } address, Clients: null } && !SandboxClients.IsClosed(address))
        {
            throw new ConfigurationException(
                $"command line: --sandbox: '{address}'; allowed is a loopback address, such as 127.0.0.1:9103, or another one with "
                + "--clone");
        }

        if (options is { Record: not null, Role: ProxyRole.Out })
            throw new ConfigurationException($"command line: --record: '{options.Record}'; allowed with --role in");
        if (options.Sandbox is not null && options.Speed != 1 && (options.Protocol as IMessageProtocol)?.OpenReply(options.Rules) is null)
        {
            var speed = options.Speed.ToString(System.Globalization.CultureInfo.InvariantCulture);
            throw new ConfigurationException(
                $"command line: --speed: '{speed}'; allowed is 1, for sessions of {options.Protocol.Name} depend on each other's data");
        }

        return new StandAloneProxy(options, redirection, clock);
    }

    private static RelaySettings RelayOf(ProxyOptions options) =>
        new(options.Listen, options.Upstream.ToEndPoint())
        {
            Protocol = options.Protocol,
            Install = options.Install,
            EndIdle = options.EndIdle,
            Limits = options.Limits,
        };

    /// <summary>How long the clone has had duplicates to answer.</summary>
    private TimeSpan SandboxTime(Replay running, Baseline from) =>
        clock.GetElapsedTime(
            Math.Max(from.At, inProxy?.Schedule?.Begin(running.StartedAt) ?? running.DueAt(running.StartedAt)), clock.GetTimestamp());

    /// <summary>Counted here, or at the other proxy around the server; null where nobody counts.</summary>
    private async Task<Matches?> MatchesAsync()
    {
        if (use is not null)
            return Matches.Of(use.Matches.Read());
        if (options is not { Peer: { } peer, Role: ProxyRole.In })
            return null;
        // Where it does not answer for once, what it said last is not taken for nothing.
        return lastOfPeer = await AdminClient.MatchesOfAsync(peer, options.AdminToken).ConfigureAwait(false) ?? lastOfPeer;
    }

    private string Purpose()
    {
        var installed = options.Install is null ? "" : $", where new connections to {options.Install} are redirected";
        var recorded = options.Record is null ? "" : $"; records into {options.Record}";
        var reported = admin is null ? "" : $"; report at {AdminClient.AddressOf(admin.Address)}";
        return installed + CloneSide() + recorded + reported;
    }

    private string CloneSide() => options switch
    {
        { Protocol: not IMessageProtocol } => "; only relays",
        { Sandbox: null } => "; relays and measures",
        { Role: ProxyRole.In, Speed: 1 } => $"; duplicates to {options.Sandbox} after {options.TimeShift.TotalSeconds:0.###} s",
        { Role: ProxyRole.In, Speed: > 1 } =>
            $"; duplicates to {options.Sandbox}: sessions {options.Speed} times as fast, until the {options.Hold.TotalSeconds:0.###} s for "
            + $"which the first is held back are used up, {FasterFor().TotalSeconds:0} s from now",
        { Role: ProxyRole.In } =>
            $"; duplicates to {options.Sandbox} after {options.TimeShift.TotalSeconds:0.###} s: sessions {options.Speed} times as fast, "
            + "each deferred more",
        _ => $"; answers a clone at {options.Sandbox} from the record, {options.TimeShift.TotalSeconds:0.###} s later",
    };

    private TimeSpan FasterFor() => clock.GetElapsedTime(inProxy!.Schedule!.StartedAt, inProxy.Schedule.FasterUntil);
}
