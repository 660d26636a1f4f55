using System.Diagnostics;
using JustRunIt.ProxyNode.Configuration;
using JustRunIt.ProxyNode.Installing;
using JustRunIt.ProxyNode.Measuring;
using JustRunIt.ProxyNode.Recording;
using JustRunIt.ProxyNode.Relaying;
using JustRunIt.ProxyNode.Replaying;

namespace JustRunIt.ProxyNode.StandAlone;

/// <summary>One proxy and its report, until it is told to end.</summary>
internal sealed class StandAloneProxy : IAsyncDisposable
{
    private readonly ProxyOptions options;
    private readonly TimeProvider clock;
    private readonly List<Listener> listeners = [];
    private readonly ResponseTimes live = new();
    private readonly Replay? replay;
    private readonly RecordUse? use;
    private readonly OutProxy? outProxy;
    private readonly AdminServer? admin;
    private Installation? installation;
    private long since;

    private StandAloneProxy(ProxyOptions options, TimeProvider clock)
    {
        this.options = options;
        this.clock = clock;
        since = clock.GetTimestamp();
        if (options.Role == ProxyRole.Out && options.Sandbox is not null)
        {
            use = new RecordUse(options.TimeShift, new MatchCounter());
            var settings = new OutProxySettings("next", options.Listen, options.Upstream, options.Sandbox) { Protocol = options.Protocol };
            outProxy = OutProxy.Start(settings, options.Rules, options.MemoryLimitBytes, () => use, clock, listeners, live);
        }
        else
        {
            if (options.Sandbox is not null)
                replay = new Replay(
                    new ReplaySettings(options.Protocol, options.Sandbox, options.TimeShift, options.Rules, options.MemoryLimitBytes)
                    {
                        Speed = options.Speed,
                        IsExperiment = false,
                    },
                    clock);
            listeners.Add(Listener.Start(options.Listen, (client, stop) => options.Protocol.Open() is { } dialogue
                ? RelayConnection.RunAsync(client, options.Upstream, dialogue, replay is null ? NoTaps.Instance : new ReplayTaps(() => replay), live, clock, stop)
                : TunnelConnection.RunAsync(client, options.Upstream, stop)));
        }

        if (options.Admin is not null)
            admin = new AdminServer(options.Admin, ReportAsync, Reset);
    }

    /// <summary>Where clients connect.</summary>
    public System.Net.IPEndPoint EndPoint => listeners[0].EndPoint;

    /// <summary>Where a clone connects, of an out-proxy.</summary>
    public System.Net.IPEndPoint SandboxEndPoint => listeners[1].EndPoint;

    /// <summary>Starts a proxy.</summary>
    /// <exception cref="Events.Store.Configuration.ConfigurationException">An address cannot be listened on.</exception>
    public static StandAloneProxy Start(ProxyOptions options, TimeProvider clock)
    {
        if (options.Sandbox is not null && options.Protocol.Open() is null)
            throw new Events.Store.Configuration.ConfigurationException(
                $"command line: --sandbox: '{options.Sandbox}': protocol {options.Protocol.Name} is only relayed; allowed is none");
        return new StandAloneProxy(options, clock);
    }

    /// <summary>Starts a proxy, and installs it around an address if it is told one.</summary>
    /// <exception cref="Events.Store.Configuration.ConfigurationException">An address cannot be listened on, or not be redirected.</exception>
    public static async Task<StandAloneProxy> StartAsync(ProxyOptions options, TimeProvider clock)
    {
        if (options.Install is null)
            return Start(options, clock);
        var redirection = await Redirection.PrepareAsync(options.Install, line => Console.Error.WriteLine(line)).ConfigureAwait(false);
        var proxy = Start(options with { Upstream = redirection.ConnectTo(options.Upstream) }, clock);
        try
        {
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
        await using var proxy = await StartAsync(options, clock);
        await Console.Error.WriteLineAsync(
            $"{options.Role.ToString().ToLowerInvariant()}-proxy for {options.Protocol.Name} at {proxy.EndPoint}, before {options.Upstream}{Purpose(options)}");
        try
        {
            await Task.Delay(Timeout.Infinite, end);
        }
        catch (OperationCanceledException)
        {
            // Told to end.
        }

        if (proxy.installation is not null)
            await proxy.RemoveAsync(atOnce);
        return 0;
    }

    /// <summary>Removes an installed proxy from the path, and waits for the connections that go through it.</summary>
    public async Task RemoveAsync(CancellationToken atOnce)
    {
        await Console.Error.WriteLineAsync($"new connections to {options.Install} go to the server; {listeners[0].Open} that are open may end within {options.Drain.TotalSeconds:0.###} s");
        await installation!.RemoveAsync(options.Drain, atOnce);
    }

    /// <summary>The figures.</summary>
    public async Task<Report> ReportAsync()
    {
        var time = clock.GetElapsedTime(Interlocked.Read(ref since));
        var matches = use is not null ? Of(use.Matches.Read())
            : options.Peer is not null && options.Role == ProxyRole.In ? await AdminClient.MatchesOfAsync(options.Peer).ConfigureAwait(false)
            : null;
        using var process = Process.GetCurrentProcess();
        var lateness = replay?.Lateness.Read();
        return new Report(
            options.Role.ToString().ToLowerInvariant(),
            options.Protocol.Name,
            options.Sandbox is null ? 0 : options.TimeShift.TotalMilliseconds,
            SideFigures.Of(live.Read(), time),
            replay is null ? null : SideFigures.Of(replay.ResponseTimes.Read(), time - options.TimeShift),
            matches,
            replay?.ShedCount ?? 0,
            replay?.Comparison.Read(),
            lateness is null ? null : new LatenessFigures(lateness.P50.TotalMilliseconds, lateness.P99.TotalMilliseconds, lateness.Maximum.TotalMilliseconds),
            outProxy is null ? null : new RecordFigures(outProxy.Recorded, outProxy.Lost),
            new ProcessFigures(
                process.TotalProcessorTime.TotalSeconds,
                process.PeakWorkingSet64,
                GC.GetTotalAllocatedBytes(),
                GC.CollectionCount(0),
                listeners[0].Open));
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        admin?.Dispose();
        foreach (var listener in listeners)
            await listener.DisposeAsync().ConfigureAwait(false);
        if (installation is not null)
            await installation.DisposeAsync().ConfigureAwait(false);
        if (replay is not null)
            await replay.DisposeAsync().ConfigureAwait(false);
        if (outProxy is not null)
            await outProxy.DisposeAsync().ConfigureAwait(false);
    }

    private void Reset()
    {
        live.Take();
        replay?.ResponseTimes.Take();
        replay?.Lateness.Take();
        Interlocked.Exchange(ref since, clock.GetTimestamp());
    }

    private static Matches Of(JustRunIt.Events.Proxies.MatchCounts counts) => new(counts.Exact, counts.Wildcard, counts.Nearest, counts.Missing);

    private static string Purpose(ProxyOptions options) => (options.Install is null ? "" : $"; new connections to {options.Install} are redirected here") + options switch
    {
        { Sandbox: null } => "; relays and measures",
        { Role: ProxyRole.In } => $"; duplicates to {options.Sandbox} after {options.TimeShift.TotalSeconds:0.###} s",
        _ => $"; answers a clone at {options.Sandbox} from the record, {options.TimeShift.TotalSeconds:0.###} s later",
    };
}
