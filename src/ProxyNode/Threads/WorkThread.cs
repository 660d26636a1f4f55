using System.Collections.Concurrent;

namespace JustRunIt.ProxyNode.Threads;

/// <summary>
/// A thread that works off items in the order they come, and yields to all others: work that on-line connections leave behind,
/// and must not wait for.
/// </summary>
/// <typeparam name="T">Of the items.</typeparam>
internal sealed class WorkThread<T> : IDisposable
{
    private const int Nice = 10;

    private readonly ConcurrentQueue<T> items = new();
    private readonly SemaphoreSlim wake = new(0);
    private readonly Action<T> act;
    private readonly Thread thread;
    private int isAsleep;
    private volatile bool stopped;

    /// <summary>Starts it.</summary>
    /// <param name="name">Of the thread.</param>
    /// <param name="act">Done with each item. Throws nothing.</param>
    public WorkThread(string name, Action<T> act)
    {
        this.act = act;
        thread = new Thread(Run) { IsBackground = true, Name = name };
        thread.Start();
    }

    /// <summary>Adds an item, from any thread. What comes after the end is never done.</summary>
    public void Add(T item)
    {
        items.Enqueue(item);
        Wake();
    }

    /// <summary>Ends, after all that was added.</summary>
    public void Dispose()
    {
        stopped = true;
        Wake();
        thread.Join();
        wake.Dispose();
    }

    private void Wake()
    {
        Interlocked.MemoryBarrier();
        if (isAsleep == 1 && Interlocked.Exchange(ref isAsleep, 0) == 1)
            wake.Release();
    }

    private void Run()
    {
        Kernel.Yield(Nice);
        while (true)
        {
            while (items.TryDequeue(out var item))
                act(item);
            if (stopped && items.IsEmpty)
                return;
            Volatile.Write(ref isAsleep, 1);
            Interlocked.MemoryBarrier();
            // Who finds something now takes the sleep back, unless somebody has, and has released.
            if ((!items.IsEmpty || stopped) && Interlocked.Exchange(ref isAsleep, 0) == 1)
                continue;
            wake.Wait();
        }
    }
}
