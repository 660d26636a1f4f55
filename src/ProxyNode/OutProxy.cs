using JustRunIt.ProxyNode.Configuration;
using JustRunIt.ProxyNode.Recording;
using JustRunIt.ProxyNode.Relaying;

namespace JustRunIt.ProxyNode;

/// <summary>
/// The out-proxy between a server and its next tier (§2.2.1): relays and records the on-line server's requests, answers its
/// clone's from the record.
/// </summary>
internal sealed class OutProxy : IDisposable
{
    private readonly Record record;
    private readonly Recorder recorder;

    private OutProxy(Record record, Recorder recorder)
    {
        this.record = record;
        this.recorder = recorder;
    }

    /// <summary>Exchanges on record.</summary>
    public int Recorded => record.Count;

    /// <summary>Exchanges that could not be kept.</summary>
    public long Lost => recorder.Lost;

    /// <summary>Starts both listeners: for the on-line server, then for a clone. A protocol that is only relayed has none for a clone.</summary>
    /// <exception cref="JustRunIt.Hosting.Configuration.ConfigurationException">An address cannot be listened on.</exception>
    public static OutProxy Start(
        OutProxySettings settings,
        Upstream upstream,
        ServiceRules rules,
        long memoryLimitBytes,
        Func<RecordUse?> use,
        TimeProvider clock,
        List<Listener> listeners,
        Measuring.ResponseTimes? times = null)
    {
        // A quarter of the memory is for what has not come to the record yet.
        var record = new Record(memoryLimitBytes / 4 * 3, clock);
        var recorder = new Recorder(record, settings.Protocol, rules, use, memoryLimitBytes / 4, clock);
        listeners.Add(Listener.Start(
            settings.Listen,
            (client, stop) => settings.Protocol.Open() is { } dialogue
                ? RelayConnection.RunAsync(client, upstream.EndPoint, dialogue, recorder.Open(), times, clock, stop)
                : TunnelConnection.RunAsync(client, upstream.EndPoint, stop)));
        var answerer = new RecordAnswerer(record, settings.Protocol, rules, use, clock);
        listeners.Add(Listener.Start(settings.SandboxListen, answerer.ServeAsync));
        return new OutProxy(record, recorder);
    }

    /// <summary>Lets go of the record.</summary>
    public void Clear() => record.Clear();

    /// <inheritdoc />
    public void Dispose() => recorder.Dispose();
}
