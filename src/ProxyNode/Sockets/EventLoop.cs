using System.Collections.Concurrent;
using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;
using JustRunIt.ProxyNode.Threads;
using Microsoft.Win32.SafeHandles;

namespace JustRunIt.ProxyNode.Sockets;

/// <summary>
/// A thread that waits for many sockets (epoll(7), edge-triggered), and goes on there with whatever waited for them: a request
/// passes a proxy without a change of thread. What goes on must be short, and must not block.
/// </summary>
internal sealed unsafe class EventLoop
{
    private const int MostAtOnce = 256;

    /// <summary>Ticks of 50 µs: so much of a delay is waited for awake, because no thread is woken that exactly.</summary>
    private static readonly long MostAwake = Stopwatch.Frequency / 20_000;

    /// <summary>In the place of a socket's: something has come from another thread.</summary>
    private const long Call = -1;

    // Clones' answers are due at times; throughput, of which each early beginning takes a little, is the on-line side's.
    private static readonly Lazy<EventLoop[]> Online = Loops("relay", isExact: false);
    private static readonly Lazy<EventLoop[]> Clones = Loops("clone", isExact: true);
    private static int turn;
    private static int turnOfClones;

    private readonly SafeFileHandle epoll;
    private readonly Lock gate = new();
    private readonly Stack<int> free = new();
    private readonly ConcurrentQueue<LoopSocket> deferred = new();
    private readonly ConcurrentQueue<(TaskCompletionSource Wait, long Due)> calls = new();
    private readonly PriorityQueue<TaskCompletionSource, (long Due, long Sequence)> delays = new();
    private readonly Kernel.Event call = new();
    private LoopSocket?[] sockets = new LoopSocket?[64];
    private int count;
    private long sequence;
    private long wakesLate;

    private EventLoop(string name, bool isExact)
    {
        epoll = Native.EPollCreate(Native.CloseOnExec) is >= 0 and var descriptor
            ? new SafeFileHandle(descriptor, ownsHandle: true)
            : throw new Win32Exception(Marshal.GetLastPInvokeError());
        Watch(call.Descriptor, Native.In | Native.EdgeTriggered, Call);
        new Thread(() => Run(isExact)) { IsBackground = true, Name = name }.Start();
    }

    /// <summary>Starts the on-line loops, if they have not been started.</summary>
    public static void StartOnline() => _ = Online.Value;

    /// <summary>The loop for the next on-line connection: as many as processors, in turn. They last as long as the process.</summary>
    public static EventLoop Next() => Next(Online.Value, ref turn);

    /// <summary>The loop for the next connection of a clone, on which no on-line connection waits.</summary>
    public static EventLoop NextOfClones() => Next(Clones.Value, ref turnOfClones);

    /// <summary>Watches a socket; returns the place that it is given back by.</summary>
    public int Add(LoopSocket socket, int descriptor)
    {
        int place;
        lock (gate)
        {
            if (!free.TryPop(out place))
                place = count++;
            if (place == sockets.Length)
            {
                var more = new LoopSocket?[place * 2];
                sockets.CopyTo(more, 0);
                Volatile.Write(ref sockets, more);
            }

            sockets[place] = socket;
        }

        try
        {
            Watch(descriptor, Native.In | Native.Out | Native.PeerHasEnded | Native.EdgeTriggered, place);
            return place;
        }
        catch (Win32Exception)
        {
            Remove(place);
            throw;
        }
    }

    /// <summary>
    /// A socket is closed, and with that no longer watched. An event of it that is on its way may reach another one at the same
    /// place: that looks, and finds nothing.
    /// </summary>
    public void Remove(int place)
    {
        lock (gate)
        {
            sockets[place] = null;
            free.Push(place);
        }
    }

    /// <summary>
    /// Goes on with a socket after all others that something has come for: one that always has more must not keep them waiting.
    /// Called on the loop's own thread.
    /// </summary>
    public void Defer(LoopSocket socket) => deferred.Enqueue(socket);

    /// <summary>
    /// Ends after a time, exact to some part of a millisecond, which the runtime's timers are not. Whoever waits goes on upon the
    /// loop's thread.
    /// </summary>
    public Task DelayAsync(TimeSpan time)
    {
        if (time <= TimeSpan.Zero)
            return Task.CompletedTask;
        var wait = new TaskCompletionSource();
        var due = Stopwatch.GetTimestamp() + (long)(time.TotalSeconds * Stopwatch.Frequency);
        if (IsCurrent)
        {
            delays.Enqueue(wait, (due, sequence++));
        }
        else
        {
            calls.Enqueue((wait, due));
            call.Set();
        }

        return wait.Task;
    }

    /// <summary>Whether this is the loop's thread.</summary>
    public bool IsCurrent => current == this;

    private static Lazy<EventLoop[]> Loops(string name, bool isExact) =>
        new(() => [.. Enumerable.Range(1, Environment.ProcessorCount).Select(number => new EventLoop($"{name} {number}", isExact))]);

    private static EventLoop Next(EventLoop[] loops, ref int turn) => loops[(uint)Interlocked.Increment(ref turn) % loops.Length];

    [ThreadStatic]
    private static EventLoop? current;

    private void Watch(int descriptor, uint events, long data)
    {
        var change = stackalloc byte[Native.EventLength];
        *(uint*)change = events;
        *(long*)(change + Native.EventDataAt) = data;
        if (Native.EPollControl(epoll, Native.Add, descriptor, change) != 0)
            throw new Win32Exception(Marshal.GetLastPInvokeError());
    }

    private void Run(bool isExact)
    {
        Kernel.SleepExactly();
        if (isExact)
            Kernel.WakeSoon();
        current = this;
        var events = (byte*)NativeMemory.Alloc((nuint)(MostAtOnce * Native.EventLength));
        var descriptor = (int)epoll.DangerousGetHandle();
        while (true)
        {
            var isAny = delays.TryPeek(out _, out var first);
            if (isAny && deferred.IsEmpty)
                SleepUntil(first.Due, descriptor);
            var ready = Native.EPollWait(descriptor, events, MostAtOnce, isAny || !deferred.IsEmpty ? 0 : -1);
            for (var i = 0; i < ready; i++)
            {
                var one = events + (i * Native.EventLength);
                var data = *(long*)(one + Native.EventDataAt);
                if (data != Call)
                    Volatile.Read(ref sockets)[data]?.Happened(*(uint*)one);
            }

            while (calls.TryDequeue(out var one))
                delays.Enqueue(one.Wait, (one.Due, sequence++));
            EndDelays();

            // Only those of this round: each may defer itself again.
            for (var left = deferred.Count; left > 0 && deferred.TryDequeue(out var socket); left--)
                socket.Happened(Native.In);
        }
    }

    /// <summary>Sleeps until shortly before a delay ends, or something comes. epoll_wait counts in whole milliseconds.</summary>
    private void SleepUntil(long due, int descriptor)
    {
        var until = due - wakesLate;
        var time = Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), until);
        if (time <= TimeSpan.Zero || Kernel.WaitForInput(descriptor, time))
            return;
        wakesLate = Math.Clamp(wakesLate + ((Stopwatch.GetTimestamp() - until - wakesLate) / 8), 0, MostAwake);
    }

    private void EndDelays()
    {
        while (delays.TryPeek(out var wait, out var place))
        {
            var left = place.Due - Stopwatch.GetTimestamp();
            if (left > wakesLate)
                return;
            while (place.Due > Stopwatch.GetTimestamp())
                Thread.SpinWait(1);
            delays.Dequeue();
            wait.SetResult();
        }
    }
}
