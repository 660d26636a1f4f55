using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using System.Text;
using JustRunIt.ProxyNode.Http;
using JustRunIt.ProxyNode.Measuring;
using JustRunIt.ProxyNode.Replaying;

namespace JustRunIt.ProxyNode.Recording;

/// <summary>
/// Stands in for the next tier behind a clone: answers from the record, after the recorded delay. It has no way to the next
/// tier itself (DESIGN §5).
/// </summary>
internal sealed class RecordAnswerer(Record record, Func<Replay?> current, TimeProvider clock)
{
    private static readonly byte[] Continue = "HTTP/1.1 100 Continue\r\n\r\n"u8.ToArray();
    private static readonly byte[] Missing = Reply("502 Bad Gateway", "No reply to such a request is on record.\n");
    private static readonly byte[] Refused = Reply("400 Bad Request", "The request is no well-formed HTTP/1.1.\n");

    /// <summary>Answers one connection of the clone until it ends.</summary>
    public async Task ServeAsync(Socket clone, CancellationToken stop)
    {
        await using var stream = new NetworkStream(clone);
        var reader = PipeReader.Create(stream);
        while (true)
        {
            Request? request;
            try
            {
                request = await ReadAsync(reader, stream, stop).ConfigureAwait(false);
            }
            catch (HttpSyntaxException)
            {
                await stream.WriteAsync(Refused, stop).ConfigureAwait(false);
                return;
            }

            if (request is null)
                return;
            var keepAlive = await AnswerAsync(request, stream, stop).ConfigureAwait(false);
            if (!keepAlive || !request.KeepAlive)
                return;
        }
    }

    private async Task<bool> AnswerAsync(Request request, NetworkStream stream, CancellationToken stop)
    {
        var replay = current();
        var shift = replay is null ? 0 : replay.Ticks(replay.TimeShift);
        var (recorded, kind) = record.Find(request.Bytes.Span, request.Arrival - shift);
        replay?.Matches.Add(kind);
        if (recorded is null)
        {
            await stream.WriteAsync(Missing, stop).ConfigureAwait(false);
            return true;
        }

        var left = recorded.Delay - clock.GetElapsedTime(request.Arrival);
        if (Math.Round(left.TotalMilliseconds) is > 0 and var milliseconds)
            await Task.Delay(TimeSpan.FromMilliseconds(milliseconds), clock, stop).ConfigureAwait(false);
        await stream.WriteAsync(recorded.Reply, stop).ConfigureAwait(false);
        return recorded.KeepsAlive;
    }

    private async Task<Request?> ReadAsync(PipeReader reader, NetworkStream stream, CancellationToken stop)
    {
        var bytes = new ArrayBufferWriter<byte>(512);
        MessageHead? head = null;
        var scanner = default(BodyScanner);
        var arrival = 0L;
        while (true)
        {
            var result = await reader.ReadAsync(stop).ConfigureAwait(false);
            var buffer = result.Buffer;
            if (arrival == 0)
                arrival = clock.GetTimestamp();
            if (head is null && HeadParser.TryReadRequest(buffer, out var parsed))
            {
                head = parsed;
                scanner = new BodyScanner(parsed);
                Take(parsed.Length);
                if (parsed.ExpectsContinue && !scanner.IsDone)
                    await stream.WriteAsync(Continue, stop).ConfigureAwait(false);
            }

            while (head is not null && !scanner.IsDone && !buffer.IsEmpty)
                Take(scanner.Advance(buffer.FirstSpan));
            reader.AdvanceTo(buffer.Start, buffer.End);
            if (head is { } complete && scanner.IsDone)
                return new Request(bytes.WrittenMemory, arrival, complete.KeepAlive);
            if (result.IsCompleted)
                return null;

            void Take(int count)
            {
                foreach (var segment in buffer.Slice(0, count))
                    bytes.Write(segment.Span);
                buffer = buffer.Slice(count);
            }
        }
    }

    private static byte[] Reply(string status, string text) => Encoding.ASCII.GetBytes(
        $"HTTP/1.1 {status}\r\nContent-Type: text/plain\r\nContent-Length: {text.Length}\r\n\r\n{text}");

    private sealed record Request(ReadOnlyMemory<byte> Bytes, long Arrival, bool KeepAlive);
}
