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

    private readonly ConcurrentQueue<Duty> incoming = new();
    private readonly PriorityQueue<Duty, (long Due, long Sequence)> waiting = new();
    private readonly TimeProvider clock;
    private readonly SemaphoreSlim wake = new(0);
    private volatile bool isIdle;
    private volatile bool stopped;
    private long sequence;

    public Pacer(TimeProvider clock)
    {
        this.clock = clock;
        new Thread(Run) { IsBackground = true, Name = "pacer" }.Start();
    }

    /// <summary>Adds what is to be done, at any time.</summary>
    public void Add(in Duty duty)
    {
        incoming.Enqueue(duty);
        Interlocked.MemoryBarrier();
        if (isIdle)
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
        // The kernel may otherwise add 50 µs to every sleep; where it refuses, it does.
        _ = Prctl(SetTimerSlack, 1, 0, 0, 0);
        while (!stopped)
        {
            while (incoming.TryDequeue(out var duty))
                waiting.Enqueue(duty, (duty.Due, sequence++));
            if (!waiting.TryPeek(out var next, out _))
            {
                WaitForMore();
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

    private void WaitForMore()
    {
        isIdle = true;
        Interlocked.MemoryBarrier();
        if (incoming.IsEmpty && !stopped)
            wake.Wait();
        isIdle = false;
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

    /// <summary>prctl(2), PR_SET_TIMERSLACK: nanoseconds, of the calling thread.</summary>
    [DllImport("libc", EntryPoint = "prctl")]
    private static extern int Prctl(int option, nint nanoseconds, nint unused3, nint unused4, nint unused5);

    private const int SetTimerSlack = 29;

    /// <summary><c>struct timespec</c> (time.h).</summary>
    [StructLayout(LayoutKind.Sequential)]
    private readonly record struct Timespec(nint Seconds, nint Nanoseconds);
}
