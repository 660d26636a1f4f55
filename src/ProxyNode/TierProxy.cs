using System.Net;
using JustRunIt.Events.Explorations;
using JustRunIt.ProxyNode.Configuration;
using JustRunIt.ProxyNode.Installing;
using JustRunIt.ProxyNode.Measuring;
using JustRunIt.ProxyNode.Recording;
using JustRunIt.ProxyNode.Relaying;
using JustRunIt.ProxyNode.Replaying;

namespace JustRunIt.ProxyNode;

/// <summary>The in-proxy before a tier's server and the out-proxies behind it (§2.2.1, DESIGN §5).</summary>
internal sealed class TierProxy : IAsyncDisposable
{
    private readonly TierSettings settings;
    private readonly KeyValuePair<string, object?>[] tags;
    private readonly TimeProvider clock;
    private readonly List<Listener> listeners = [];
    private readonly List<OutProxy> outProxies = [];
    private readonly List<Upstream> upstreams = [];
    private readonly List<Installation> installations = [];
    private readonly ProxyFigures figures;
    private readonly SemaphoreSlim oneExperiment = new(1);
    private volatile Replay? replay;
    private CancellationTokenSource stopExperiment = new();

    private TierProxy(TierSettings settings, TimeProvider clock)
    {
        this.settings = settings;
        this.clock = clock;
        IReadOnlyList<ProxyFigures.Label> labels = [new("service", settings.Service), new("tier", settings.Tier), new("protocol", settings.Protocol.Name)];
        tags = [.. labels.Select(label => new KeyValuePair<string, object?>(label.Name, label.Value))];
        ResponseTimes = new ResponseTimes(ProxyMeter.Durations, [new("side", "live"), .. tags]);
        figures = new ProxyFigures
        {
            Labels = labels,
            Online = ResponseTimes,
            Replay = () => replay,
            Matches = () => replay?.Matches.Read(),
            Connections = () => listeners.FirstOrDefault()?.Open ?? 0,
            Record = () => outProxies.Count == 0 ? null : (outProxies.Sum(proxy => proxy.Recorded), outProxies.Sum(proxy => proxy.Lost)),
        };
        ProxyMeter.Add(figures);
    }

    /// <summary>What it stands around.</summary>
    public TierSettings Settings => settings;

    /// <summary>On-line response times since they were last taken.</summary>
    public ResponseTimes ResponseTimes { get; }

    /// <summary>Where the in-proxy listens.</summary>
    public IPEndPoint EndPoint => listeners[0].EndPoint;

    /// <summary>Where the out-proxies listen, in the order of the settings: for the on-line server, and for a clone.</summary>
    public IReadOnlyList<(IPEndPoint Online, IPEndPoint Sandbox)> OutProxies =>
        [.. listeners.Skip(1).Chunk(2).Select(pair => (pair[0].EndPoint, pair[1].EndPoint))];

    /// <summary>Starts to listen, and relays from then on.</summary>
    /// <param name="settings">What it stands around.</param>
    /// <param name="clock">The clock.</param>
    /// <param name="say">Told, in one line, what the operator must know; null: standard error.</param>
    /// <exception cref="JustRunIt.Hosting.Configuration.ConfigurationException">An address cannot be listened on, or not be redirected.</exception>
    public static async Task<TierProxy> StartAsync(TierSettings settings, TimeProvider clock, Action<string>? say = null)
    {
        var proxy = new TierProxy(settings, clock);
        try
        {
            await proxy.ListenAsync(say ?? Console.Error.WriteLine).ConfigureAwait(false);
            return proxy;
        }
        catch
        {
            await proxy.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>
    /// Duplicates the tier's traffic to a clone and measures both sides. The replay goes on afterwards, so that the next
    /// experiment with the same clone finds it warm, until <see cref="StopReplayAsync"/> or another clone.
    /// </summary>
    /// <param name="sandbox">The clone.</param>
    /// <param name="durations">Time shift, settling, warm-up and measurement.</param>
    /// <param name="cancellation">Ends it early.</param>
    public async Task<ReplayResult> RunExperimentAsync(IPEndPoint sandbox, ExperimentDurations durations, CancellationToken cancellation)
    {
        await oneExperiment.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, stopExperiment.Token);
            var isFirst = replay is not { } running || !running.Sandbox.Equals(sandbox) || running.TimeShift != durations.TimeShift;
            if (isFirst)
            {
                await EndReplayAsync().ConfigureAwait(false);
                replay = new Replay(new ReplaySettings(settings.Protocol, sandbox, durations.TimeShift, settings.Rules, settings.MemoryLimitBytes) { Tags = tags }, clock);
            }

            return await new ReplayExperiment(replay!, durations, clock).RunAsync(isFirst, either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return ReplayResult.Failed(clock.GetUtcNow(), "the replay was stopped");
        }
        finally
        {
            oneExperiment.Release();
        }
    }

    /// <summary>A virtual machine is somewhere: new connections to a server in it go there.</summary>
    /// <returns>Whether that is news to any of the proxies.</returns>
    public bool TryFollow(string vm, IPEndPoint to, int moves) => upstreams.Count(upstream => upstream.TryFollow(vm, to, moves)) > 0;

    /// <summary>Stops duplicating: connections to the clone, queue and record are dropped. No error when none runs.</summary>
    public async Task StopReplayAsync()
    {
        await Interlocked.Exchange(ref stopExperiment, new CancellationTokenSource()).CancelAsync().ConfigureAwait(false);
        await oneExperiment.WaitAsync().ConfigureAwait(false);
        try
        {
            await EndReplayAsync().ConfigureAwait(false);
        }
        finally
        {
            oneExperiment.Release();
        }
    }

    /// <summary>Removes what is installed from the path, and waits for the connections that go through it.</summary>
    /// <param name="drain">How long they may go on.</param>
    /// <param name="atOnce">Ends the wait.</param>
    public Task RemoveAsync(TimeSpan drain, CancellationToken atOnce) =>
        Task.WhenAll(installations.Select(installation => installation.RemoveAsync(drain, atOnce)));

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        ProxyMeter.Remove(figures);
        await StopReplayAsync().ConfigureAwait(false);
        foreach (var listener in listeners)
            await listener.DisposeAsync().ConfigureAwait(false);
        foreach (var installation in installations)
            await installation.DisposeAsync().ConfigureAwait(false);
        foreach (var outProxy in outProxies)
            outProxy.Dispose();
    }

    private async Task ListenAsync(Action<string> say)
    {
        var redirection = await PrepareAsync(settings.Install, say).ConfigureAwait(false);
        var upstream = new Upstream(settings.Upstream, settings.Vm, server => redirection?.ConnectTo(server) ?? server);
        upstreams.Add(upstream);
        listeners.Add(Listener.Start(
            settings.Listen,
            (client, stop) => settings.Protocol.Open() is { } dialogue
                ? RelayConnection.RunAsync(client, upstream.EndPoint, dialogue, new ReplayTaps(() => replay), ResponseTimes, clock, stop)
                : TunnelConnection.RunAsync(client, upstream.EndPoint, stop)));
        foreach (var next in settings.OutProxies)
            await ListenAsync(next, say).ConfigureAwait(false);
        // Last: traffic comes when everything stands.
        if (redirection is not null)
            installations.Add(await Installation.InstallAsync(redirection, listeners[0], clock).ConfigureAwait(false));
    }

    private async Task ListenAsync(OutProxySettings next, Action<string> say)
    {
        var redirection = await PrepareAsync(next.Install, say).ConfigureAwait(false);
        var upstream = new Upstream(next.Upstream, next.Vm, server => redirection?.ConnectTo(server) ?? server);
        upstreams.Add(upstream);
        var pair = OutProxy.Start(next, upstream, settings.Rules, settings.MemoryLimitBytes, () => replay?.Record, clock, listeners);
        outProxies.Add(pair);
        if (redirection is not null)
            installations.Add(await Installation.InstallAsync(redirection, listeners[^2], clock).ConfigureAwait(false));
    }

    private static async Task<Redirection?> PrepareAsync(IPEndPoint? address, Action<string> say) =>
        address is null ? null : await Redirection.PrepareAsync(address, say).ConfigureAwait(false);

    private async Task EndReplayAsync()
    {
        var ending = replay;
        replay = null;
        if (ending is not null)
            await ending.DisposeAsync().ConfigureAwait(false);
        outProxies.ForEach(outProxy => outProxy.Clear());
    }
}
