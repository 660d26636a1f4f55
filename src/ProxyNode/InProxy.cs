using System.Net;
using JustRunIt.ProxyNode.Installing;
using JustRunIt.ProxyNode.Measuring;
using JustRunIt.ProxyNode.Protocols;
using JustRunIt.ProxyNode.Relaying;
using JustRunIt.ProxyNode.Replaying;
using JustRunIt.ProxyNode.Sessions;
using JustRunIt.ProxyNode.Tracing;

namespace JustRunIt.ProxyNode;

/// <summary>
/// The in-proxy before a server (§2.2.1): relays and measures what its clients ask, and duplicates it to a clone. A protocol that
/// is only relayed is neither measured nor duplicated.
/// </summary>
internal sealed class InProxy : IAsyncDisposable
{
    private readonly InProxySettings settings;
    private readonly TimeProvider clock;
    private readonly SessionBook? sessions;
    private readonly TraceWriter? trace;
    private volatile Replay? replay;

    private InProxy(InProxySettings settings, Redirection? redirection, TimeProvider clock)
    {
        (this.settings, this.clock) = (settings, clock);
        if (settings.Relay.Protocol is IMessageProtocol protocol)
        {
            ResponseTimes = new ResponseTimes(ProxyMeter.Durations, [new("side", "live"), .. settings.Tags]) { Open = new InFlight(clock) };
            if (settings.TraceFile is not null)
                trace = TraceWriter.Create(settings.TraceFile, settings.TraceLimitBytes, protocol, settings.Rules, clock);
            if (settings.Duplication is { } to)
            {
                replay = Begin(protocol, to.Sandbox, to.TimeShift);
                if (to.Speed != 1)
                {
                    Schedule = new SessionSchedule(replay.StartedAt, replay.Ticks(to.TimeShift), replay.Ticks(to.Hold), to.Speed);
                    sessions = new SessionBook(settings.Rules, protocol, Schedule);
                }
            }
        }

        Relay = Relay.Start(settings.Relay, redirection, OpenTaps, ResponseTimes, clock);
    }

    /// <summary>Its clients' side.</summary>
    public Relay Relay { get; }

    /// <summary>On-line response times since they were last taken; null of a protocol that is only relayed.</summary>
    public ResponseTimes? ResponseTimes { get; }

    /// <summary>The duplication that runs; null when there is none.</summary>
    public Replay? Replay => replay;

    /// <summary>When sessions begin at the clone, where that is not a time shift after they began on-line.</summary>
    public SessionSchedule? Schedule { get; }

    /// <summary>What was recorded into a file; null when nothing is.</summary>
    public TraceFigures? Trace => trace?.Figures;

    /// <summary>Starts to listen, and relays from then on.</summary>
    /// <param name="settings">What it was told.</param>
    /// <param name="redirection">What was prepared for it; null: nothing is redirected.</param>
    /// <param name="clock">The clock.</param>
    /// <exception cref="JustRunIt.Hosting.Configuration.ConfigurationException">
    /// The address cannot be listened on, or the file not be written.
    /// </exception>
    public static InProxy Start(InProxySettings settings, Redirection? redirection, TimeProvider clock) =>
        new(settings, redirection, clock);

    /// <summary>Duplicates to a clone from now on; what ran before has been ended.</summary>
    /// <exception cref="NotSupportedException">The protocol is only relayed.</exception>
    public Replay Duplicate(IPEndPoint sandbox, TimeSpan timeShift)
    {
        if (settings.Relay.Protocol is not IMessageProtocol protocol)
            throw new NotSupportedException($"protocol {settings.Relay.Protocol.Name} is only relayed");
        var begun = Begin(protocol, sandbox, timeShift);
        replay = begun;
        return begun;
    }

    /// <summary>Ends the duplication: connections to the clone and the queue are dropped. No error when none runs.</summary>
    public async Task EndReplayAsync()
    {
        var ending = replay;
        replay = null;
        if (ending is not null)
            await ending.DisposeAsync().ConfigureAwait(false);
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await Relay.DisposeAsync().ConfigureAwait(false);
        await EndReplayAsync().ConfigureAwait(false);
        if (trace is not null)
            await trace.DisposeAsync().ConfigureAwait(false);
    }

    private Replay Begin(IMessageProtocol protocol, IPEndPoint sandbox, TimeSpan timeShift) => new(
        new ReplaySettings(protocol, sandbox, timeShift, settings.Rules, settings.MemoryLimitBytes)
        {
            Tags = settings.Tags,
            IsExperiment = settings.IsForExperiments,
        },
        clock);

    private IConnectionTaps OpenTaps()
    {
        IConnectionTaps taps = sessions is not null ? new SessionTaps(replay!, sessions)
            : replay is not null || settings.IsForExperiments ? new ReplayTaps(() => replay)
            : NoTaps.Instance;
        return trace is null ? taps : trace.Open(taps);
    }
}
