using System.Buffers;
using JustRunIt.ProxyNode.Http;
using JustRunIt.ProxyNode.Relaying;
using JustRunIt.ProxyNode.Replaying;

namespace JustRunIt.ProxyNode.Recording;

/// <summary>Taps of an out-proxy's on-line connection: every exchange is recorded while a replay needs the record.</summary>
internal sealed class RecordingTaps(Record record, Func<Replay?> current, TimeProvider clock) : IConnectionTaps
{
    /// <inheritdoc />
    public ITap? Begin(in MessageHead head, long arrival) =>
        current() is { } replay && !head.MaySwitchProtocol ? new RecordingTap(record, replay, arrival, clock) : null;

    /// <inheritdoc />
    public void Dispose()
    {
    }

    private sealed class RecordingTap(Record record, Replay replay, long arrival, TimeProvider clock) : ITap
    {
        /// <summary>The record keeps what a clone may still ask for: some time shifts, and a little more for a slow one.</summary>
        private const int TimeShiftsKept = 3;

        private static readonly TimeSpan KeptBeyond = TimeSpan.FromSeconds(20);

        private readonly ArrayBufferWriter<byte> request = new(512);
        private readonly ArrayBufferWriter<byte> reply = new(1024);
        private bool keepsAlive;
        private long answered;
        private int ended;

        public void Request(ReadOnlySpan<byte> bytes) => request.Write(bytes);

        public void RequestEnded() => End();

        public void Reply(ReadOnlySpan<byte> bytes) => reply.Write(bytes);

        public void ReplyEnded(in MessageHead head, long at)
        {
            (keepsAlive, answered) = (head.KeepAlive && head.Body != BodyKind.UntilClose, at);
            End();
        }

        public void Aborted(long at)
        {
        }

        /// <summary>A server may answer before it has the whole request: the second of both ends is the exchange's.</summary>
        private void End()
        {
            if (Interlocked.Increment(ref ended) < 2)
                return;
            var oldest = clock.GetTimestamp() - replay.Ticks((replay.TimeShift * TimeShiftsKept) + KeptBeyond);
            record.Add(request.WrittenSpan, reply.WrittenSpan.ToArray(), keepsAlive, arrival, answered, oldest);
        }
    }
}
