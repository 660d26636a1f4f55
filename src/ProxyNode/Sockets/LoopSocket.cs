using System.ComponentModel;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace JustRunIt.ProxyNode.Sockets;

/// <summary>
/// A stream socket on an <see cref="EventLoop"/>. One receive at a time; sends are sent in their order, each as a whole. Nothing
/// is allocated for either. What waits for one goes on upon the loop's thread.
/// </summary>
internal sealed class LoopSocket : IDisposable
{
    /// <summary>Receives without waiting after which others have their turn.</summary>
    private const int MostInARow = 16;

    private const uint Ended = Native.PeerHasEnded | Native.HangUp | Native.Error;

    private readonly Lock gate = new();
    private readonly Socket socket;
    private readonly EventLoop loop;
    private readonly int descriptor;
    private readonly int place;
    private readonly Operation receive = new();
    private readonly Operation send = new();
    private readonly Queue<Operation> sends = new(1);
    private ISocketOwner? owner;
    private bool isReceiving;
    private bool mayReceive = true;
    private bool peerHasEnded;
    private bool closed;
    private int inARow;

    /// <summary>Takes a connected socket over: nothing else receives from it or sends to it from now on.</summary>
    /// <exception cref="SocketException">It cannot be watched: there is too little memory for that, or too many are.</exception>
    public LoopSocket(Socket socket, EventLoop loop)
        : this(socket, loop, isConnecting: false)
    {
    }

    private LoopSocket(Socket socket, EventLoop loop, bool isConnecting)
    {
        (this.socket, this.loop) = (socket, loop);
        if (isConnecting)
        {
            // Nothing, which is sent as soon as anything can be.
            Connected = send.Begin(default);
            sends.Enqueue(send);
        }

        descriptor = (int)socket.Handle;
        try
        {
            place = loop.Add(this, descriptor);
        }
        catch (Win32Exception e)
        {
            throw SystemError.ToException(e.NativeErrorCode);
        }

        Descriptors.Opened();
    }

    /// <summary>The loop that it is on.</summary>
    public EventLoop Loop => loop;

    /// <summary>Whether the peer is known to have ended its side, or the connection to have failed.</summary>
    public bool HasPeerEnded => Volatile.Read(ref peerHasEnded);

    private ValueTask<int> Connected { get; }

    /// <summary>Connects a socket, and takes it over; it is disposed of when that fails.</summary>
    /// <exception cref="SocketException">The address does not answer, or refuses.</exception>
    public static async ValueTask<LoopSocket> ConnectAsync(Socket socket, EndPoint address, EventLoop loop, CancellationToken stop)
    {
        LoopSocket? connecting = null;
        try
        {
            // Asked in this way, the runtime's own waiting for sockets never knows of it.
            socket.Blocking = false;
            if (Begin(socket, address))
                return new LoopSocket(socket, loop);
            connecting = new LoopSocket(socket, loop, isConnecting: true);
            await using var registration = connecting.CloseOn(stop).ConfigureAwait(false);
            await connecting.Connected.ConfigureAwait(false);
            if (socket.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.Error) is int and not 0 and var error)
                throw new SocketException(error);
            return connecting;
        }
        catch
        {
            connecting?.Dispose();
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Closes it when told to, until what is returned is disposed of.</summary>
    public CancellationTokenRegistration CloseOn(CancellationToken stop) =>
        stop.UnsafeRegister(static state => ((LoopSocket)state!).Dispose(), this);

    /// <summary>Receives what there is, or waits for it.</summary>
    /// <returns>Bytes received; 0 when the peer has nothing more to say.</returns>
    /// <exception cref="SocketException">The connection has failed.</exception>
    /// <exception cref="ObjectDisposedException">This side has closed it.</exception>
    public ValueTask<int> ReceiveAsync(Memory<byte> into)
    {
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(closed, this);
            if (isReceiving)
                throw new InvalidOperationException("a receive while another one waits");
            var hasHadItsTurn = inARow == MostInARow && loop.IsCurrent;
            if (mayReceive && !hasHadItsTurn && TryReceive(into.Span, out var received))
            {
                inARow = Math.Min(inARow + 1, MostInARow);
                return new ValueTask<int>(received);
            }

            if (mayReceive)
                loop.Defer(this);
            inARow = 0;
            isReceiving = true;
            return receive.Begin(into);
        }
    }

    /// <summary>
    /// Receives what there is, or waits for it. The buffer has no memory of its own while nothing is there: a connection that idles
    /// takes next to nothing.
    /// </summary>
    /// <returns>Bytes received; 0 when the peer has nothing more to say.</returns>
    /// <exception cref="SocketException">The connection has failed.</exception>
    /// <exception cref="ObjectDisposedException">This side has closed it.</exception>
    /// <exception cref="Protocols.ProtocolException">The buffer has room for nothing more.</exception>
    public ValueTask<int> ReceiveAsync(IReceiveBuffer buffer)
    {
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(closed, this);
            if (isReceiving)
                throw new InvalidOperationException("a receive while another one waits");
            var hasHadItsTurn = inARow == MostInARow && loop.IsCurrent;
            if (mayReceive && !hasHadItsTurn && TryReceive(buffer.Room().Span, out var received))
            {
                inARow = Math.Min(inARow + 1, MostInARow);
                return new ValueTask<int>(received);
            }

            buffer.Rest();
            if (mayReceive)
                loop.Defer(this);
            inARow = 0;
            isReceiving = true;
            receive.Buffer = buffer;
            return receive.Begin(default);
        }
    }

    /// <summary>Tells somebody when the peer's end is seen, whether or not anything is received then.</summary>
    public void TellOfEnd(ISocketOwner to)
    {
        bool hasEnded;
        lock (gate)
        {
            owner = to;
            hasEnded = peerHasEnded;
        }

        if (hasEnded)
            to.PeerEnded(hasFailed: false);
    }

    /// <summary>Sends all of it.</summary>
    /// <returns>How many bytes that was.</returns>
    /// <exception cref="SocketException">The connection has failed.</exception>
    /// <exception cref="ObjectDisposedException">This side has closed it.</exception>
    public ValueTask<int> SendAsync(ReadOnlyMemory<byte> bytes)
    {
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(closed, this);
            var rest = MemoryMarshal.AsMemory(bytes);
            if (sends.Count == 0 && TrySend(ref rest))
                return new ValueTask<int>(bytes.Length);
            var operation = send.IsBusy ? new Operation() : send;
            sends.Enqueue(operation);
            return operation.Begin(rest, bytes.Length);
        }
    }

    /// <summary>Says that this side has nothing more to say, or reads nothing more.</summary>
    public void Shutdown(SocketShutdown how)
    {
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(closed, this);
            socket.Shutdown(how);
        }
    }

    /// <summary>Closes it. What waits for it ends with an <see cref="ObjectDisposedException"/>.</summary>
    public void Dispose()
    {
        Operation[] waiting;
        lock (gate)
        {
            if (closed)
                return;
            closed = true;
            waiting = isReceiving ? [receive, .. sends] : [.. sends];
            loop.Remove(place);
            // Under the lock: its number may be another socket's from now on.
            socket.Dispose();
            Descriptors.Closed();
        }

        foreach (var operation in waiting)
            operation.Fail(new ObjectDisposedException(nameof(LoopSocket)));
    }

    /// <summary>The loop has seen something; on its thread.</summary>
    public void Happened(uint events)
    {
        if ((events & (Native.In | Ended)) != 0)
            GoOnReceiving((events & Ended) != 0);
        if ((events & (Native.Out | Native.HangUp | Native.Error)) != 0)
            GoOnSending();
        if ((events & Ended) != 0)
            Volatile.Read(ref owner)?.PeerEnded((events & Native.Error) != 0);
    }

    /// <summary>Asks for a connection; true when there is one already.</summary>
    private static unsafe bool Begin(Socket socket, EndPoint address)
    {
        var bytes = address.Serialize();
        fixed (byte* to = bytes.Buffer.Span)
        {
            if (Native.Connect((int)socket.Handle, to, bytes.Size) == 0)
                return true;
        }

        var error = Marshal.GetLastPInvokeError();
        return error is Native.InProgress or Native.Interrupted ? false : throw SystemError.ToException(error);
    }

    private void GoOnReceiving(bool hasEnded)
    {
        int received;
        lock (gate)
        {
            if (closed)
                return;
            peerHasEnded |= hasEnded;
            mayReceive = true;
            if (!isReceiving)
                return;
            try
            {
                var buffer = receive.Buffer;
                if (!TryReceive(buffer is null ? receive.Bytes.Span : buffer.Room().Span, out received))
                {
                    buffer?.Rest();
                    return;
                }

                isReceiving = false;
            }
            catch (Exception e) when (e is SocketException or Protocols.ProtocolException or OutOfMemoryException)
            {
                isReceiving = false;
                receive.Fail(e);
                return;
            }
        }

        receive.Succeed(received);
    }

    private void GoOnSending()
    {
        while (true)
        {
            Operation first;
            lock (gate)
            {
                if (closed || !sends.TryPeek(out first!))
                    return;
                try
                {
                    var rest = first.Bytes;
                    var isSent = TrySend(ref rest);
                    first.Bytes = rest;
                    if (!isSent)
                        return;
                    sends.Dequeue();
                }
                catch (SocketException e)
                {
                    sends.Dequeue();
                    first.Fail(e);
                    continue;
                }
            }

            first.Succeed(first.Length);
        }
    }

    /// <summary>Receives; false when there is nothing yet.</summary>
    private unsafe bool TryReceive(Span<byte> into, out int received)
    {
        fixed (byte* to = into)
        {
            while (true)
            {
                var count = Native.Receive(descriptor, to, into.Length, Native.DontWait);
                received = (int)count;
                if (count >= 0)
                {
                    // Less than there was room for is all there is, and more will be told (epoll(7)); but an end is told once.
                    mayReceive = count == into.Length || count == 0 || peerHasEnded;
                    return true;
                }

                switch (Marshal.GetLastPInvokeError())
                {
                    case Native.Interrupted:
                        continue;
                    case Native.Again:
                        mayReceive = false;
                        return false;
                    case var error:
                        throw SystemError.ToException(error);
                }
            }
        }
    }

    /// <summary>Sends as much as can be; true when nothing is left.</summary>
    private unsafe bool TrySend(ref Memory<byte> rest)
    {
        while (!rest.IsEmpty)
        {
            nint sent;
            fixed (byte* from = rest.Span)
                sent = Native.Send(descriptor, from, rest.Length, Native.DontWait | Native.NoSignal);
            if (sent >= 0)
            {
                rest = rest[(int)sent..];
                continue;
            }

            switch (Marshal.GetLastPInvokeError())
            {
                case Native.Interrupted:
                    continue;
                case Native.Again:
                    return false;
                case var error:
                    throw SystemError.ToException(error);
            }
        }

        return true;
    }
}
