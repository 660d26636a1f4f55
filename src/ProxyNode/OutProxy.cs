using System.Net;
using JustRunIt.Hosting.Configuration;
using JustRunIt.ProxyNode.Configuration;
using JustRunIt.ProxyNode.Installing;
using JustRunIt.ProxyNode.Measuring;
using JustRunIt.ProxyNode.Protocols;
using JustRunIt.ProxyNode.Recording;
using JustRunIt.ProxyNode.Relaying;
using JustRunIt.ProxyNode.Sandboxes;

namespace JustRunIt.ProxyNode;

/// <summary>
/// The out-proxy between a server and its next tier (§2.2.1): relays and records the on-line server's requests, answers its
/// clone's from the record. Without a place for clones, and of a protocol that is only relayed, nothing is recorded.
/// </summary>
internal sealed class OutProxy : IAsyncDisposable
{
    private readonly CloneSide? clones;

    private OutProxy(string name, Relay relay, CloneSide? clones) => (Name, Relay, this.clones) = (name, relay, clones);

    /// <summary>The next tier's name.</summary>
    public string Name { get; }

    /// <summary>The on-line server's side.</summary>
    public Relay Relay { get; }

    /// <summary>Where a clone connects; null: nowhere.</summary>
    public IPEndPoint? SandboxEndPoint => clones?.Listener.EndPoint;

    /// <summary>Exchanges on record, and exchanges that could not be kept; null where nothing is recorded.</summary>
    public (int Exchanges, long Lost)? Recorded => clones is null ? null : (clones.Record.Count, clones.Recorder.Lost);

    /// <summary>Connections and log-ins of others than the clone; null where there is no place for one.</summary>
    public SandboxRefused? Refused => clones?.Record.Refused.Read();

    /// <summary>Starts to listen for the on-line server and for its clone.</summary>
    /// <param name="settings">What it was told.</param>
    /// <param name="rules">The service's rules.</param>
    /// <param name="memoryLimitBytes">Bound of the record.</param>
    /// <param name="use">What the record is for at a time; null when for nothing.</param>
    /// <param name="redirection">What was prepared for it; null: nothing is redirected.</param>
    /// <param name="times">Takes the response times; null: nobody does.</param>
    /// <param name="clock">The clock.</param>
    /// <exception cref="ConfigurationException">An address cannot be listened on.</exception>
    public static OutProxy Start(
        OutProxySettings settings,
        ServiceRules rules,
        long memoryLimitBytes,
        Func<RecordUse?> use,
        Redirection? redirection,
        ResponseTimes? times,
        TimeProvider clock)
    {
        if (settings.SandboxListen is { } open && !settings.HasClients && !SandboxClients.IsClosed(open))
        {
            throw new ConfigurationException(
                $"sandbox address: '{open}'; allowed is a loopback address, or another one with who may come: {SandboxClients.Allowed}");
        }

        var clones = settings is { Relay.Protocol: IMessageProtocol protocol, SandboxListen: { } listen }
            ? CloneSide.Start(listen, settings.Clients, protocol, rules, memoryLimitBytes, use, clock)
            : null;
        try
        {
            Func<IConnectionTaps> openTaps = clones is null ? () => NoTaps.Instance : clones.Recorder.Open;
            return new OutProxy(settings.Name, Relay.Start(settings.Relay, redirection, openTaps, times, clock), clones);
        }
        catch
        {
            clones?.Stop();
            throw;
        }
    }

    /// <summary>Lets go of the record.</summary>
    public void Clear() => clones?.Record.Clear();

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await Relay.DisposeAsync().ConfigureAwait(false);
        if (clones is not null)
            await clones.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>What there is for a clone: the record, who fills it, and where it is asked.</summary>
    private sealed record CloneSide(Record Record, Recorder Recorder, Listener Listener) : IAsyncDisposable
    {
        public static CloneSide Start(
            IPEndPoint listen,
            SandboxClients clients,
            IMessageProtocol protocol,
            ServiceRules rules,
            long memoryLimitBytes,
            Func<RecordUse?> use,
            TimeProvider clock)
        {
            // A quarter of the memory is for what has not come to the record yet.
            var record = new Record(memoryLimitBytes / 4 * 3, clock);
            var recorder = new Recorder(record, protocol, rules, use, memoryLimitBytes / 4, clock);
            try
            {
                var answerer = new RecordAnswerer(record, recorder, clients, protocol, rules, use, clock);
                return new CloneSide(record, recorder, Listener.Start(listen, answerer.ServeAsync));
            }
            catch
            {
                recorder.Dispose();
                throw;
            }
        }

        /// <summary>Ends it without waiting for what a clone still says.</summary>
        public void Stop()
        {
            Listener.Stop();
            Recorder.Dispose();
        }

        public async ValueTask DisposeAsync()
        {
            await Listener.DisposeAsync().ConfigureAwait(false);
            Recorder.Dispose();
        }
    }
}
