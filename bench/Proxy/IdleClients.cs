using System.Net;
using System.Net.Sockets;
using System.Text;

namespace JustRunIt.Bench.Proxy;

/// <summary>Clients that hold connections and ask for nothing: most say nothing, some send a head of a request, a byte a second.</summary>
internal sealed class IdleClients : IDisposable
{
    private static readonly byte[] Head = Encoding.ASCII.GetBytes($"GET /128 HTTP/1.1\r\nHost: h\r\nX: {new string('x', 4000)}");

    private readonly List<Socket> idle = [];
    private readonly List<Socket> slow = [];
    private readonly Timer timer;
    private int sent;

    /// <summary>Opens them, one after another.</summary>
    public IdleClients(IPEndPoint server, int idleCount, int slowCount)
    {
        for (var i = 0; i < idleCount + slowCount; i++)
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            socket.Connect(server);
            (i < idleCount ? idle : slow).Add(socket);
        }

        timer = new Timer(_ => Send(), null, TimeSpan.Zero, TimeSpan.FromSeconds(1));
    }

    /// <summary>Those whose connection was ended by the other side, or never really began.</summary>
    public int CountEnded() => idle.Concat(slow).Count(socket => socket.Poll(0, SelectMode.SelectRead));

    /// <inheritdoc />
    public void Dispose()
    {
        using (var stopped = new ManualResetEvent(false))
        {
            timer.Dispose(stopped);
            stopped.WaitOne();
        }

        foreach (var socket in idle.Concat(slow))
            socket.Dispose();
    }

    private void Send()
    {
        var at = Interlocked.Increment(ref sent) - 1;
        foreach (var socket in slow)
        {
            try
            {
                socket.Send(Head.AsSpan(at % Head.Length, 1));
            }
            catch (SocketException)
            {
                // It is counted as ended.
            }
        }
    }
}
