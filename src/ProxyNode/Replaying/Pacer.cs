using System.Collections.Concurrent;
using System.Runtime.InteropServices;

namespace JustRunIt.ProxyNode.Replaying;

/// <summary>
/// Hands each duplicate to its connection when it is due. A thread of its own that sleeps by the kernel's high-resolution
/// timer: timers of the runtime fire at whole milliseconds, and wait for a worker.
/// </summary>
internal sealed class Pacer : IDisposable
{
    /// <summary>Longest sleep: a duplicate whose shift is shorter than this may leave so much later.</summary>
    private static readonly TimeSpan LongestSleep = TimeSpan.FromMilliseconds(2);

    private readonly ConcurrentQueue<Exchange> incoming = new();
    private readonly PriorityQueue<Exchange, (long Due, long Sequence)> waiting = new();
    private readonly TimeProvider clock;
    private readonly SemaphoreSlim wake = new(0);
    private volatile bool stopped;
    private long sequence;

    public Pacer(TimeProvider clock)
    {
        this.clock = clock;
        new Thread(Run) { IsBackground = true, Name = "pacer" }.Start();
    }

    /// <summary>Adds a duplicate, of any due time.</summary>
    public void Add(Exchange exchange)
    {
        incoming.Enqueue(exchange);
        if (wake.CurrentCount == 0)
            wake.Release();
    }

    /// <inheritdoc />
    public void Dispose()
    {
        stopped = true;
        wake.Release();
    }

    private void Run()
    {
        while (!stopped)
        {
            while (incoming.TryDequeue(out var exchange))
                waiting.Enqueue(exchange, (exchange.Due, sequence++));
            if (!waiting.TryPeek(out var next, out _))
            {
                wake.Wait();
                continue;
            }

            var left = clock.GetElapsedTime(clock.GetTimestamp(), next.Due);
            if (left > TimeSpan.Zero)
            {
                Sleep(left < LongestSleep ? left : LongestSleep);
                continue;
            }

            waiting.Dequeue();
            next.Shadow.Due(next);
        }
    }

    /// <summary>Sleeps by the kernel's high-resolution timer.</summary>
    /// <param name="time">Less than a second.</param>
    public static void Sleep(TimeSpan time)
    {
        var specification = new Timespec(0, (nint)(time.Ticks * 100));
        _ = NanoSleep(in specification, 0);
    }

    [DllImport("libc", EntryPoint = "nanosleep")]
    private static extern int NanoSleep(in Timespec time, nint remaining);

    /// <summary><c>struct timespec</c> (time.h).</summary>
    [StructLayout(LayoutKind.Sequential)]
    private readonly record struct Timespec(nint Seconds, nint Nanoseconds);
}
