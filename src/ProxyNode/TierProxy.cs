using System.Net;
using JustRunIt.Events.Explorations;
using JustRunIt.Events.Proxies;
using JustRunIt.ProxyNode.Configuration;
using JustRunIt.ProxyNode.Installing;
using JustRunIt.ProxyNode.Measuring;
using JustRunIt.ProxyNode.Protocols;
using JustRunIt.ProxyNode.Relaying;
using JustRunIt.ProxyNode.Replaying;
using JustRunIt.ProxyNode.Sandboxes;

namespace JustRunIt.ProxyNode;

/// <summary>
/// The in-proxy before a tier's server and the out-proxies behind it (§2.2.1, DESIGN §5), and the experiments with its clone.
/// </summary>
internal sealed class TierProxy : IAsyncDisposable
{
    private readonly TimeProvider clock;
    private readonly InProxy inProxy;
    private readonly List<OutProxy> outProxies = [];
    private readonly ProxyFigures figures;
    private readonly SemaphoreSlim oneExperiment = new(1);
    private CancellationTokenSource stopExperiment = new();

    private TierProxy(TierSettings settings, Redirection? redirection, TimeProvider clock)
    {
        // Its own: what is read again is for this tier.
        settings = settings with { Rules = settings.Rules.Own() };
        (Settings, this.clock) = (settings, clock);
        IReadOnlyList<ProxyFigures.Label> labels =
            [new("service", settings.Service), new("tier", settings.Tier), new("protocol", settings.Relay.Protocol.Name)];
        var inSettings = new InProxySettings(
            settings.Relay,
            settings.Rules,
            settings.MemoryLimitBytes,
            [.. labels.Select(label => new KeyValuePair<string, object?>(label.Name, label.Value))])
        {
            IsForExperiments = true,
        };
        inProxy = InProxy.Start(inSettings, redirection, clock);
        figures = new ProxyFigures
        {
            Labels = labels,
            Online = inProxy.ResponseTimes,
            Replay = () => inProxy.Replay,
            Matches = () => inProxy.Replay?.Matches.Read(),
            Connections = () => inProxy.Relay.Figures,
            NextConnections = () => outProxies.Select(next => (next.Name, next.Relay.Figures)),
            Record = ReadRecord,
            Refused = ReadRefused,
        };
        ProxyMeter.Add(figures);
    }

    /// <summary>What it stands around.</summary>
    public TierSettings Settings { get; }

    /// <summary>On-line response times since they were last taken; null of a protocol that is only relayed.</summary>
    public ResponseTimes? ResponseTimes => inProxy.ResponseTimes;

    /// <summary>Where the in-proxy listens.</summary>
    public IPEndPoint EndPoint => inProxy.Relay.EndPoint;

    /// <summary>The out-proxies, in the order of the settings.</summary>
    public IReadOnlyList<OutProxy> OutProxies => outProxies;

    private IEnumerable<Relay> Relays => outProxies.Select(outProxy => outProxy.Relay).Prepend(inProxy.Relay);

    /// <summary>Starts to listen, and relays from then on.</summary>
    /// <param name="settings">What it stands around.</param>
    /// <param name="clock">The clock.</param>
    /// <param name="say">Told, in one line, what the operator must know; null: standard error.</param>
    /// <exception cref="Hosting.Configuration.ConfigurationException">An address cannot be listened on, or not be redirected.</exception>
    public static async Task<TierProxy> StartAsync(TierSettings settings, TimeProvider clock, Action<string>? say = null)
    {
        say ??= Console.Error.WriteLine;
        var redirection = await Relay.PrepareAsync(settings.Relay, say).ConfigureAwait(false);
        var proxy = new TierProxy(settings, redirection, clock);
        try
        {
            foreach (var next in settings.OutProxies)
                await proxy.StartAsync(next, say).ConfigureAwait(false);
            // Last: traffic comes when everything stands.
            await proxy.inProxy.Relay.InstallAsync(say).ConfigureAwait(false);
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
    /// <param name="whyNot">
    /// Asked when it is its turn: one that had to wait for another may be wanted no more, or its clone's address be somebody else's.
    /// </param>
    public async Task<ReplayResult> RunExperimentAsync(
        IPEndPoint sandbox, ExperimentDurations durations, CancellationToken cancellation, Func<string?>? whyNot = null)
    {
        if (Settings.Relay.Protocol is not IMessageProtocol)
            return ReplayResult.Failed(clock.GetUtcNow(), $"protocol {Settings.Relay.Protocol.Name} is only relayed, and not duplicated");
        await oneExperiment.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, stopExperiment.Token);
            // After the token is taken: a stop that comes between is heard by one of both.
            if (whyNot?.Invoke() is { } reason)
                return ReplayResult.Failed(clock.GetUtcNow(), reason);
            var replay = inProxy.Replay;
            var isFirst = replay is null || !replay.Sandbox.Equals(sandbox) || replay.TimeShift != durations.TimeShift;
            if (isFirst)
            {
                await EndReplayAsync().ConfigureAwait(false);
                replay = inProxy.Duplicate(sandbox, durations.TimeShift);
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
    /// <param name="vm">The virtual machine.</param>
    /// <param name="to">Its server.</param>
    /// <param name="moves">How often it has moved.</param>
    /// <param name="isOrdered">It answers a newer order than whatever was heard before.</param>
    /// <returns>Whether that is news to any of the proxies.</returns>
    public bool TryFollow(string vm, IPEndPoint to, int moves, bool isOrdered = false) =>
        Relays.Count(relay => relay.TryFollow(vm, to, moves, isOrdered)) > 0;

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
        Task.WhenAll(Relays.Select(relay => relay.RemoveAsync(drain, atOnce)));

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        ProxyMeter.Remove(figures);
        await StopReplayAsync().ConfigureAwait(false);
        await inProxy.DisposeAsync().ConfigureAwait(false);
        foreach (var outProxy in outProxies)
            await outProxy.DisposeAsync().ConfigureAwait(false);
    }

    private async Task StartAsync(OutProxySettings next, Action<string> say)
    {
        var redirection = await Relay.PrepareAsync(next.Relay, say).ConfigureAwait(false);
        var outProxy = OutProxy.Start(
            next, Settings.Rules, Settings.MemoryLimitBytes, () => inProxy.Replay?.Record, redirection, times: null, clock);
        outProxies.Add(outProxy);
        await outProxy.Relay.InstallAsync(say).ConfigureAwait(false);
    }

    private (int Exchanges, long Lost)? ReadRecord()
    {
        var records = outProxies.Select(outProxy => outProxy.Recorded).OfType<(int Exchanges, long Lost)>().ToList();
        return records.Count == 0 ? null : (records.Sum(record => record.Exchanges), records.Sum(record => record.Lost));
    }

    private SandboxRefused? ReadRefused()
    {
        var refused = outProxies.Select(outProxy => outProxy.Refused).OfType<SandboxRefused>().ToList();
        return refused.Count == 0
            ? null
            : new SandboxRefused(refused.Sum(one => one.Source), refused.Sum(one => one.User), refused.Sum(one => one.Password));
    }

    private async Task EndReplayAsync()
    {
        await inProxy.EndReplayAsync().ConfigureAwait(false);
        outProxies.ForEach(outProxy => outProxy.Clear());
    }
}
