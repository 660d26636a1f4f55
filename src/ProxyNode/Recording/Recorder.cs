using System.Buffers;
using System.Threading.Channels;
using JustRunIt.ProxyNode.Protocols;
using JustRunIt.ProxyNode.Relaying;

namespace JustRunIt.ProxyNode.Recording;

/// <summary>
/// Fills a record from an out-proxy's on-line connections, apart from them: an exchange is handed over when both its ends
/// have passed, and is read, hashed and kept here.
/// </summary>
internal sealed class Recorder : IAsyncDisposable
{
    /// <summary>The record keeps what a clone may still ask for: some time shifts, and a little more for a slow one.</summary>
    private const int TimeShiftsKept = 3;

    /// <summary>Exchanges that may wait to be kept; past it the newest is lost, and counted.</summary>
    private const int LongestQueue = 16 * 1024;

    private static readonly TimeSpan KeptBeyond = TimeSpan.FromSeconds(20);

    private readonly Record record;
    private readonly IProtocol protocol;
    private readonly ServiceRules rules;
    private readonly Func<RecordUse?> current;
    private readonly TimeProvider clock;
    private readonly Channel<RecordingTap> queue = Channel.CreateBounded<RecordingTap>(new BoundedChannelOptions(LongestQueue) { SingleReader = true });
    private readonly Task keeping;
    private long lost;

    public Recorder(Record record, IProtocol protocol, ServiceRules rules, Func<RecordUse?> current, TimeProvider clock)
    {
        (this.record, this.protocol, this.rules, this.current, this.clock) = (record, protocol, rules, current, clock);
        keeping = Task.Run(KeepAsync);
    }

    /// <summary>Exchanges that could not be kept because too many came at once.</summary>
    public long Lost => Interlocked.Read(ref lost);

    /// <summary>The taps of a new on-line connection.</summary>
    public IConnectionTaps Open() => new Taps(this, protocol.OpenMatcher(rules));

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        queue.Writer.TryComplete();
        await keeping.ConfigureAwait(false);
    }

    private async Task KeepAsync()
    {
        await foreach (var ended in queue.Reader.ReadAllAsync().ConfigureAwait(false))
        {
            try
            {
                Keep(ended);
            }
            catch (Exception e) when (e is ProtocolException or ArgumentException or FormatException or IndexOutOfRangeException)
            {
                // A message that passed the framing and cannot be read further: it has no record, its reply was relayed all the same.
                Interlocked.Increment(ref lost);
            }
        }
    }

    private void Keep(RecordingTap ended)
    {
        var keys = ended.Matcher.KeysOf(ended.RequestBytes);
        var reply = ended.IsOneWay ? [] : ended.Matcher.Keep(ended.RequestBytes, ended.ReplyBytes);
        if (keys is not { } found || ended.IsOneWay)
            return;
        if (found.IsLasting)
            record.AddLasting(found, reply, ended.Arrival, ended.Answered);
        if (current() is not { } use)
            return;
        var oldest = clock.GetTimestamp() - (long)(((use.TimeShift * TimeShiftsKept) + KeptBeyond).TotalSeconds * clock.TimestampFrequency);
        record.Add(found, reply, ended.Closes, ended.Arrival, ended.Answered, oldest);
    }

    private sealed class Taps(Recorder recorder, Matcher matcher) : IConnectionTaps
    {
        /// <inheritdoc />
        public ITap? Begin(Dialogue dialogue, in ClientStep step, long arrival)
        {
            recorder.record.Original = dialogue;
            matcher.Follow(dialogue);
            return step.IsPrivate || (recorder.current() is null && !matcher.Lasts(step.Kind)) ? null : new RecordingTap(recorder, matcher, arrival, step.IsOneWay);
        }

        /// <inheritdoc />
        public void Dispose()
        {
        }
    }

    private sealed class RecordingTap(Recorder recorder, Matcher matcher, long arrival, bool isOneWay) : ITap
    {
        private readonly ArrayBufferWriter<byte> request = new(512);
        private readonly ArrayBufferWriter<byte> reply = new(1024);
        private int ended = isOneWay ? 1 : 0;

        public Matcher Matcher => matcher;

        public long Arrival => arrival;

        public bool IsOneWay => isOneWay;

        public long Answered { get; private set; }

        public bool Closes { get; private set; }

        public ReadOnlySpan<byte> RequestBytes => request.WrittenSpan;

        public ReadOnlySpan<byte> ReplyBytes => reply.WrittenSpan;

        public void Request(ReadOnlySpan<byte> bytes) => request.Write(bytes);

        public void RequestEnded() => End();

        public void Reply(ReadOnlySpan<byte> bytes, int headLength) => reply.Write(bytes);

        public void ReplyEnded(in ServerStep step, long received, long at)
        {
            (Closes, Answered) = (step.Closes, at);
            End();
        }

        public void Aborted(long at)
        {
        }

        /// <summary>A server may answer before it has the whole request: the second of both ends is the exchange's.</summary>
        private void End()
        {
            if (Interlocked.Increment(ref ended) == 2 && !recorder.queue.Writer.TryWrite(this))
                Interlocked.Increment(ref recorder.lost);
        }
    }
}
