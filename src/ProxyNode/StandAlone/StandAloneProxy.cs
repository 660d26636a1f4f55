using System.Diagnostics;
using System.Net;
using JustRunIt.Events.Proxies;
using JustRunIt.Hosting.Configuration;
using JustRunIt.ProxyNode.Configuration;
using JustRunIt.ProxyNode.Installing;
using JustRunIt.ProxyNode.Measuring;
using JustRunIt.ProxyNode.Recording;
using JustRunIt.ProxyNode.Relaying;
using JustRunIt.ProxyNode.Replaying;
using JustRunIt.ProxyNode.Sessions;
using JustRunIt.ProxyNode.Tracing;

namespace JustRunIt.ProxyNode.StandAlone;

/// <summary>One proxy and its report, until it is told to end.</summary>
internal sealed class StandAloneProxy : IAsyncDisposable
{
    private readonly ProxyOptions options;
    private readonly TimeProvider clock;
    private readonly List<Listener> listeners = [];
    private readonly ResponseTimes live;
    private readonly Replay? replay;
    private readonly SessionSchedule? schedule;
    private readonly SessionBook? book;
    private readonly TraceWriter? trace;
    private readonly RecordUse? use;
    private readonly OutProxy? outProxy;
    private readonly ProxyFigures figures;
    private AdminServer? admin;
    private Installation? installation;
    private Baseline since;

    private StandAloneProxy(ProxyOptions options, TimeProvider clock)
    {
        this.options = options;
        this.clock = clock;
        IReadOnlyList<ProxyFigures.Label> labels = [new("role", RoleName), new("protocol", options.Protocol.Name)];
        KeyValuePair<string, object?>[] tags = [.. labels.Select(label => new KeyValuePair<string, object?>(label.Name, label.Value))];
        live = new ResponseTimes(ProxyMeter.Durations, [new("side", "live"), .. tags]);
        since = new Baseline(clock.GetTimestamp(), null, 0, null);
        if (options.Role == ProxyRole.Out && options.Sandbox is not null)
        {
            use = new RecordUse(options.TimeShift, new MatchCounter());
            var settings = new OutProxySettings("next", options.Listen, options.Upstream, options.Sandbox) { Protocol = options.Protocol };
            outProxy = OutProxy.Start(settings, new Upstream(settings.Upstream, settings.Vm, server => server), options.Rules, options.MemoryLimitBytes, () => use, clock, listeners, live);
        }
        else
        {
            if (options.Sandbox is not null)
            {
                var settings = new ReplaySettings(options.Protocol, options.Sandbox, options.TimeShift, options.Rules, options.MemoryLimitBytes)
                {
                    Tags = tags,
                    IsExperiment = false,
                };
                replay = new Replay(settings, clock);
            }

            if (replay is not null && options.Speed != 1)
            {
                schedule = new SessionSchedule(replay.StartedAt, replay.Ticks(options.TimeShift), replay.Ticks(options.Hold), options.Speed);
                book = new SessionBook(options.Rules, options.Protocol, schedule);
            }

            if (options.Record is not null)
                trace = TraceWriter.Create(options.Record, options.RecordLimitBytes, options.Protocol, options.Rules, clock);
            listeners.Add(Listener.Start(options.Listen, (client, stop) => options.Protocol.Open() is { } dialogue
                ? RelayConnection.RunAsync(client, options.Upstream, dialogue, OpenTaps(), live, clock, stop)
                : TunnelConnection.RunAsync(client, options.Upstream, stop)));
        }

        figures = new ProxyFigures
        {
            Labels = labels,
            Online = live,
            Replay = () => replay,
            Matches = () => use?.Matches.Read(),
            Connections = () => listeners[0].Open,
            Record = () => outProxy is null ? null : (outProxy.Recorded, outProxy.Lost),
        };
        ProxyMeter.Add(figures);
    }

    /// <summary>Where clients connect.</summary>
    public IPEndPoint EndPoint => listeners[0].EndPoint;

    /// <summary>Where a clone connects, of an out-proxy.</summary>
    public IPEndPoint SandboxEndPoint => listeners[1].EndPoint;

    /// <summary>Where the report is served; null: nowhere.</summary>
    public IPEndPoint? AdminEndPoint => admin?.EndPoint;

    private string RoleName => options.Role.ToString().ToLowerInvariant();

    /// <summary>Starts a proxy that is neither installed around an address nor serves its report.</summary>
    /// <exception cref="ConfigurationException">An address cannot be listened on.</exception>
    public static StandAloneProxy Start(ProxyOptions options, TimeProvider clock)
    {
        if (options.Sandbox is not null && options.Protocol.Open() is null)
            throw new ConfigurationException(
                $"command line: --sandbox: '{options.Sandbox}': protocol {options.Protocol.Name} is only relayed; allowed is none");
        if (options is { Record: not null, Role: ProxyRole.Out })
            throw new ConfigurationException($"command line: --record: '{options.Record}'; allowed with --role in");
        if (options.Sandbox is not null && options.Speed != 1 && options.Protocol.OpenReply(options.Rules) is null)
            throw new ConfigurationException(
                FormattableString.Invariant($"command line: --speed: '{options.Speed}'; allowed is 1, for sessions of {options.Protocol.Name} depend on each other's data"));
        return new StandAloneProxy(options, clock);
    }

    /// <summary>Starts a proxy with all that it is told.</summary>
    /// <exception cref="ConfigurationException">An address cannot be listened on, or not be redirected.</exception>
    public static async Task<StandAloneProxy> StartAsync(ProxyOptions options, TimeProvider clock)
    {
        var redirection = options.Install is null
            ? null
            : await Redirection.PrepareAsync(options.Install, line => Console.Error.WriteLine(line)).ConfigureAwait(false);
        var proxy = Start(options with { Upstream = redirection?.ConnectTo(options.Upstream) ?? options.Upstream }, clock);
        try
        {
            if (options.Admin is not null)
                proxy.admin = await AdminServer.StartAsync(options.Admin, proxy.ReportAsync, proxy.Metrics, proxy.ResetAsync).ConfigureAwait(false);
            if (redirection is not null)
                proxy.installation = await Installation.InstallAsync(redirection, proxy.listeners[0], clock).ConfigureAwait(false);
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
        await Console.Error.WriteLineAsync($"{proxy.RoleName}-proxy for {options.Protocol.Name} at {proxy.EndPoint}, before {Addresses.Text(options.Upstream)}{proxy.Purpose()}");
        try
        {
            await Task.Delay(Timeout.Infinite, end);
        }
        catch (OperationCanceledException)
        {
            // Told to end.
        }

        if (proxy.installation is null)
            return 0;
        await Console.Error.WriteLineAsync(
            $"new connections to {options.Install} go to the server; {proxy.listeners[0].Open} that are open may go on for {options.Drain.TotalSeconds:0.###} s (a second signal ends them)");
        await proxy.installation.RemoveAsync(options.Drain, atOnce);
        return 0;
    }

    /// <summary>The figures since the start, or since <see cref="ResetAsync"/>.</summary>
    public async Task<Report> ReportAsync()
    {
        var from = Volatile.Read(ref since);
        var time = clock.GetElapsedTime(from.At);
        using var process = Process.GetCurrentProcess();
        var lateness = replay?.Lateness.Read();
        return new Report(
            RoleName,
            options.Protocol.Name,
            options.Sandbox is null ? 0 : options.TimeShift.TotalMilliseconds,
            SideFigures.Of(live.Read(), time),
            replay is null ? null : SideFigures.Of(replay.ResponseTimes.Read(), SandboxTime(replay, from)),
            from.Since(await MatchesAsync().ConfigureAwait(false)),
            (replay?.ShedCount ?? 0) - from.Shed,
            from.Since(replay?.Comparison.Read()),
            lateness is null ? null : new LatenessFigures(lateness.P50.TotalMilliseconds, lateness.P99.TotalMilliseconds, lateness.Maximum.TotalMilliseconds),
            outProxy is null ? null : new RecordFigures(outProxy.Recorded, outProxy.Lost),
            trace?.Figures,
            new ProcessFigures(
                process.TotalProcessorTime.TotalSeconds,
                process.PeakWorkingSet64,
                GC.GetTotalAllocatedBytes(),
                GC.CollectionCount(0),
                listeners[0].Open))
        {
            SandboxFailure = replay?.LastFailure,
        };
    }

    /// <summary>The figures in Prometheus' text format.</summary>
    public string Metrics() => Exposition.Write([figures]);

    /// <summary>Starts the figures of the report anew.</summary>
    public async Task ResetAsync()
    {
        var matches = await MatchesAsync().ConfigureAwait(false);
        live.Take();
        replay?.ResponseTimes.Take();
        replay?.Lateness.Take();
        Volatile.Write(ref since, new Baseline(clock.GetTimestamp(), matches, replay?.ShedCount ?? 0, replay?.Comparison.Read()));
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        ProxyMeter.Remove(figures);
        if (admin is not null)
            await admin.DisposeAsync().ConfigureAwait(false);
        foreach (var listener in listeners)
            await listener.DisposeAsync().ConfigureAwait(false);
        if (installation is not null)
            await installation.DisposeAsync().ConfigureAwait(false);
        if (replay is not null)
            await replay.DisposeAsync().ConfigureAwait(false);
        outProxy?.Dispose();
        if (trace is not null)
            await trace.DisposeAsync().ConfigureAwait(false);
    }

    private IConnectionTaps OpenTaps()
    {
        IConnectionTaps taps = replay is null ? NoTaps.Instance
            : book is not null ? new SessionTaps(replay, book)
            : new ReplayTaps(() => replay);
        return trace is null ? taps : trace.Open(taps);
    }

    /// <summary>How long the clone has had duplicates to answer.</summary>
    private TimeSpan SandboxTime(Replay running, Baseline from) =>
        clock.GetElapsedTime(Math.Max(from.At, schedule?.Begin(running.StartedAt) ?? running.DueAt(running.StartedAt)), clock.GetTimestamp());

    /// <summary>Counted here, or at the other proxy around the server; null where nobody counts.</summary>
    private async Task<MatchCounts?> MatchesAsync() =>
        use is not null ? use.Matches.Read()
        : options is { Peer: not null, Role: ProxyRole.In } ? await AdminClient.MatchesOfAsync(options.Peer).ConfigureAwait(false)
        : null;

    private string Purpose() => (options.Install is null ? "" : $", where new connections to {options.Install} are redirected") + options switch
    {
        { Sandbox: null } => "; relays and measures",
        { Role: ProxyRole.In, Speed: 1 } => $"; duplicates to {options.Sandbox} after {options.TimeShift.TotalSeconds:0.###} s",
        { Role: ProxyRole.In, Speed: > 1 } => $"; duplicates to {options.Sandbox}: sessions {options.Speed} times as fast, until the {options.Hold.TotalSeconds:0.###} s for which the first is held back are used up, {clock.GetElapsedTime(schedule!.StartedAt, schedule.FasterUntil).TotalSeconds:0} s from now",
        { Role: ProxyRole.In } => $"; duplicates to {options.Sandbox} after {options.TimeShift.TotalSeconds:0.###} s: sessions {options.Speed} times as fast, each deferred more",
        _ => $"; answers a clone at {options.Sandbox} from the record, {options.TimeShift.TotalSeconds:0.###} s later",
    } + (options.Record is null ? "" : $"; records into {options.Record}") + (admin is null ? "" : $"; report at http://{admin.EndPoint}/report");
}
