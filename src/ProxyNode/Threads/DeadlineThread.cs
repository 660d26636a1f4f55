using System.Collections.Concurrent;

namespace JustRunIt.ProxyNode.Threads;

/// <summary>
/// A thread that does something with each item when it is due, to a part of a millisecond: timers of the runtime fire at whole
/// ones, and wait for a worker, which on-line connections need. It sleeps until the next item is due, or an earlier one comes.
/// </summary>
/// <typeparam name="T">Of the items.</typeparam>
internal sealed class DeadlineThread<T> : IDisposable
{
    /// <summary>Time stamp that an awake thread sleeps to: there is nothing to wake.</summary>
    private const long Awake = long.MinValue;

    private readonly ConcurrentQueue<(T Item, long Due)> incoming = new();
    private readonly PriorityQueue<T, (long Due, long Sequence)> waiting = new();
    private readonly Kernel.Event wake = new();
    private readonly TimeProvider clock;
    private readonly Action<T> act;
    private long sleepsUntil = Awake;
    private volatile bool stopped;

    /// <summary>Starts it.</summary>
    /// <param name="name">Of the thread.</param>
    /// <param name="clock">Whose time stamps items are due at.</param>
    /// <param name="act">Done on the thread, in the order of what is due, and of coming where that is equal. Throws nothing.</param>
    public DeadlineThread(string name, TimeProvider clock, Action<T> act)
    {
        (this.clock, this.act) = (clock, act);
        new Thread(Run) { IsBackground = true, Name = name }.Start();
    }

    /// <summary>Adds an item, from any thread.</summary>
    public void Add(in T item, long due)
    {
        incoming.Enqueue((item, due));
        Interlocked.MemoryBarrier();
        // Whoever takes the time away is the one who wakes.
        var until = Volatile.Read(ref sleepsUntil);
        if (due < until && Interlocked.CompareExchange(ref sleepsUntil, Awake, until) == until)
            wake.Set();
    }

    /// <inheritdoc />
    public void Dispose()
    {
        stopped = true;
        wake.Set();
    }

    private void Run()
    {
        Kernel.SleepExactly();
        Kernel.WakeSoon();
        var sequence = 0L;
        while (!stopped)
        {
            while (incoming.TryDequeue(out var next))
                waiting.Enqueue(next.Item, (next.Due, sequence++));
            var isAny = waiting.TryPeek(out var first, out var place);
            var left = isAny ? clock.GetElapsedTime(clock.GetTimestamp(), place.Due) : TimeSpan.MaxValue;
            if (left <= TimeSpan.Zero)
            {
                waiting.Dequeue();
                act(first!);
                continue;
            }

            Volatile.Write(ref sleepsUntil, isAny ? place.Due : long.MaxValue);
            Interlocked.MemoryBarrier();
            if (incoming.IsEmpty && !stopped)
                wake.Wait(isAny ? left : null);
            Volatile.Write(ref sleepsUntil, Awake);
        }

        wake.Dispose();
    }
}
