using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using HdrHistogram;

namespace JustRunIt.Bench.Proxy;

/// <summary>
/// Requests at a given rate whatever the server does, over keep-alive connections. Response times count from when a request
/// was due, also while it waits for a free connection: a server that stalls cannot hide it (no coordinated omission).
/// </summary>
internal sealed class OpenLoad : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly Lock gate = new();
    private readonly Stack<Connection> idle = new();
    private readonly Queue<long> backlog = new();
    private readonly byte[] request;
    private readonly Connection[] connections;
    private LongHistogram times = new(1, 3_600_000_000, 3);
    private double totalMilliseconds;
    private long measureFrom;
    private long measureTo;
    private int unanswered;
    private long inTime;
    private long errors;

    /// <summary>Connects.</summary>
    public OpenLoad(IPEndPoint server, string path, int count)
    {
        request = Encoding.ASCII.GetBytes($"GET {path} HTTP/1.1\r\nHost: {server}\r\n\r\n");
        connections = [.. Enumerable.Range(0, count).Select(_ => new Connection(this, server))];
        foreach (var connection in connections)
            idle.Push(connection);
    }

    /// <summary>Sends for a time, and waits for the last replies.</summary>
    /// <param name="requestsPerSecond">How many.</param>
    /// <param name="length">For how long.</param>
    /// <param name="seed">Of exponential intervals; null: equal ones.</param>
    public async Task<Outcome> RunAsync(double requestsPerSecond, TimeSpan length, int? seed = null)
    {
        times = new(1, 3_600_000_000, 3);
        (totalMilliseconds, inTime, errors) = (0, 0, 0);
        var begin = Stopwatch.GetTimestamp() + (Stopwatch.Frequency / 100);
        (measureFrom, measureTo) = (begin, begin + (long)(length.TotalSeconds * Stopwatch.Frequency));
        var thread = new Thread(() => Pace(requestsPerSecond, begin, seed)) { IsBackground = true };
        thread.Start();
        var waited = Stopwatch.StartNew();
        while (thread.IsAlive || (Volatile.Read(ref unanswered) > 0 && waited.Elapsed < length + Patience))
            await Task.Delay(10);
        lock (gate)
        {
            // What never came counts as long as it was waited for.
            errors += unanswered;
            var answered = times.TotalCount;
            return new Outcome(
                inTime / length.TotalSeconds,
                answered == 0 ? double.NaN : totalMilliseconds / answered,
                times.GetValueAtPercentile(50) / 1000.0,
                times.GetValueAtPercentile(99) / 1000.0,
                answered,
                errors);
        }
    }

    /// <inheritdoc />
    public ValueTask DisposeAsync()
    {
        foreach (var connection in connections)
            connection.Dispose();
        return ValueTask.CompletedTask;
    }

    private void Pace(double requestsPerSecond, long begin, int? seed)
    {
        var random = seed is { } given ? new Random(given) : null;
        var ticks = Stopwatch.Frequency / requestsPerSecond;
        var next = (double)begin;
        while (next < measureTo)
        {
            var left = next - Stopwatch.GetTimestamp();
            if (left > 0)
            {
                var nanoseconds = left * 1e9 / Stopwatch.Frequency;
                _ = NanoSleep(new Timespec((nint)(nanoseconds / 1e9), (nint)(nanoseconds % 1e9)), 0);
                continue;
            }

            Begin((long)next);
            next += random is null ? ticks : -Math.Log(1 - random.NextDouble()) * ticks;
        }
    }

    private void Begin(long due)
    {
        Connection? free;
        lock (gate)
        {
            unanswered++;
            if (!idle.TryPop(out free))
                backlog.Enqueue(due);
        }

        free?.Ask(due);
    }

    /// <summary>A reply has come; the next request that waits, if any.</summary>
    private long Answered(Connection connection, long due, bool isError)
    {
        var now = Stopwatch.GetTimestamp();
        lock (gate)
        {
            unanswered--;
            errors += isError ? 1 : 0;
            inTime += now < measureTo && !isError ? 1 : 0;
            if (due >= measureFrom)
            {
                var microseconds = (now - due) * 1e6 / Stopwatch.Frequency;
                times.RecordValue(Math.Clamp((long)microseconds, 1, 3_600_000_000));
                totalMilliseconds += microseconds / 1000;
            }

            if (backlog.TryDequeue(out var waiting))
                return waiting;
            idle.Push(connection);
            return 0;
        }
    }

    [DllImport("libc", EntryPoint = "nanosleep")]
    private static extern int NanoSleep(in Timespec time, nint remaining);

    /// <summary><c>struct timespec</c> (time.h).</summary>
    [StructLayout(LayoutKind.Sequential)]
    private readonly record struct Timespec(nint Seconds, nint Nanoseconds);

    /// <summary>What came of it.</summary>
    /// <param name="ThroughputPerSecond">Replies while requests were sent.</param>
    /// <param name="MeanMs">Mean response time.</param>
    /// <param name="P50Ms">Median.</param>
    /// <param name="P99Ms">99th percentile.</param>
    /// <param name="Requests">Replies.</param>
    /// <param name="Errors">Replies other than 200, and those that never came.</param>
    internal sealed record Outcome(double ThroughputPerSecond, double MeanMs, double P50Ms, double P99Ms, long Requests, long Errors);

    private sealed class Connection : IDisposable
    {
        private readonly OpenLoad load;
        private readonly Socket socket;
        private readonly SocketAsyncEventArgs receive = new();
        private readonly byte[] buffer = new byte[64 * 1024];
        private long due;
        private int received;
        private int expected;

        public Connection(OpenLoad load, IPEndPoint server)
        {
            this.load = load;
            socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            socket.Connect(server);
            receive.Completed += (_, _) => Read();
        }

        public void Ask(long at)
        {
            Send(at);
            Receive();
        }

        public void Dispose() => socket.Dispose();

        private void Send(long at)
        {
            (due, received, expected) = (at, 0, 0);
            socket.Send(load.request);
        }

        /// <summary>Reads on until nothing is there yet.</summary>
        private void Receive()
        {
            do
                receive.SetBuffer(buffer, received, buffer.Length - received);
            while (!socket.ReceiveAsync(receive) && TryTake());
        }

        private void Read()
        {
            if (TryTake())
                Receive();
        }

        /// <summary>Takes what was received; false when nothing more is to be read for now.</summary>
        private bool TryTake()
        {
            if (receive.SocketError != SocketError.Success || receive.BytesTransferred == 0)
                return false;
            received += receive.BytesTransferred;
            if (expected == 0)
                expected = LengthOf(buffer.AsSpan(0, received));
            if (expected == 0 || received < expected)
                return true;
            if (load.Answered(this, due, !buffer.AsSpan(0, 12).EndsWith(" 200"u8)) is not (> 0 and var next))
                return false;
            Send(next);
            return true;
        }

        /// <summary>Length of a reply in all; 0 while its head is not complete.</summary>
        private static int LengthOf(ReadOnlySpan<byte> reply)
        {
            var head = reply.IndexOf("\r\n\r\n"u8);
            if (head < 0)
                return 0;
            // As nginx and Kestrel write it, or HAProxy.
            var length = reply[..head].IndexOf("Content-Length: "u8);
            if (length < 0 && (length = reply[..head].IndexOf("content-length: "u8)) < 0)
            {
                // Nothing comes after it: the next request is not sent yet.
                if (reply[..head].IndexOf("chunked"u8) >= 0)
                    return reply.EndsWith("\r\n0\r\n\r\n"u8) ? reply.Length : 0;
                throw new InvalidOperationException("a reply without a length");
            }

            var digits = reply[(length + 16)..];
            return head + 4 + int.Parse(digits[..digits.IndexOf((byte)'\r')], CultureInfo.InvariantCulture);
        }
    }
}
