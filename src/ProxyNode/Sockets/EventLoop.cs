using System.Collections.Concurrent;
using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace JustRunIt.ProxyNode.Sockets;

/// <summary>
/// A thread that waits for many sockets (epoll(7), edge-triggered), and goes on there with whatever waited for them: a request
/// passes a proxy without a change of thread. What goes on must be short, and must not block.
/// </summary>
internal sealed unsafe class EventLoop
{
    private const int MostAtOnce = 256;

    private static readonly Lazy<EventLoop[]> Loops = new(() => [.. Enumerable.Range(1, Environment.ProcessorCount).Select(number => new EventLoop(number))]);
    private static int turn;

    private readonly SafeFileHandle epoll;
    private readonly Lock gate = new();
    private readonly Stack<int> free = new();
    private readonly ConcurrentQueue<LoopSocket> deferred = new();
    private LoopSocket?[] sockets = new LoopSocket?[64];
    private int count;

    private EventLoop(int number)
    {
        epoll = Native.EPollCreate(Native.CloseOnExec) is >= 0 and var descriptor
            ? new SafeFileHandle(descriptor, ownsHandle: true)
            : throw new Win32Exception(Marshal.GetLastPInvokeError());
        new Thread(Run) { IsBackground = true, Name = $"relay {number}" }.Start();
    }

    /// <summary>The loop for the next connection: as many as processors, in turn. They last as long as the process.</summary>
    public static EventLoop Next()
    {
        var loops = Loops.Value;
        return loops[(uint)Interlocked.Increment(ref turn) % loops.Length];
    }

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

        var change = stackalloc byte[Native.EventLength];
        *(uint*)change = Native.In | Native.Out | Native.PeerHasEnded | Native.EdgeTriggered;
        *(long*)(change + Native.EventDataAt) = place;
        if (Native.EPollControl(epoll, Native.Add, descriptor, change) == 0)
            return place;
        var error = new Win32Exception(Marshal.GetLastPInvokeError());
        Remove(place);
        throw error;
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

    /// <summary>Whether this is the loop's thread.</summary>
    public bool IsCurrent => current == this;

    [ThreadStatic]
    private static EventLoop? current;

    private void Run()
    {
        current = this;
        var events = (byte*)NativeMemory.Alloc((nuint)(MostAtOnce * Native.EventLength));
        var descriptor = (int)epoll.DangerousGetHandle();
        while (true)
        {
            var ready = Native.EPollWait(descriptor, events, MostAtOnce, deferred.IsEmpty ? -1 : 0);
            for (var i = 0; i < ready; i++)
            {
                var one = events + (i * Native.EventLength);
                Volatile.Read(ref sockets)[*(long*)(one + Native.EventDataAt)]?.Happened(*(uint*)one);
            }

            // Only those of this round: each may defer itself again.
            for (var left = deferred.Count; left > 0 && deferred.TryDequeue(out var socket); left--)
                socket.Happened(Native.In);
        }
    }
}
