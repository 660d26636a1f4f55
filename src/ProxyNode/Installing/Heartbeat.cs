using System.Net;
using System.Net.Sockets;

namespace JustRunIt.ProxyNode.Installing;

/// <summary>
/// Shows the kernel that this process lives: an empty datagram every tenth of a second, from a thread of its own, which
/// <see cref="RedirectionRules"/> swallow. That sending one is refused is the sign that the rules are there.
/// </summary>
internal sealed class Heartbeat : IDisposable
{
    private static readonly TimeSpan Interval = RedirectionRules.Lifetime / 5;

    private readonly Socket socket;
    private readonly IPEndPoint target;
    private readonly Action lost;
    private readonly ManualResetEventSlim stop = new();
    private readonly Thread thread;

    /// <summary>Begins to beat.</summary>
    /// <param name="address">The address that is redirected, with the mark of the proxy.</param>
    /// <param name="lost">Called when the rules are gone; beats again after it returns.</param>
    /// <exception cref="SocketException">The process may not set marks (CAP_NET_ADMIN).</exception>
    public Heartbeat(MarkedEndPoint address, Action lost)
    {
        this.lost = lost;
        socket = new Socket(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        target = new IPEndPoint(address.Address, RedirectionRules.HeartbeatPort);
        try
        {
            address.Mark(socket);
        }
        catch
        {
            socket.Dispose();
            throw;
        }

        thread = new Thread(Beat) { IsBackground = true, Name = "heartbeat", Priority = ThreadPriority.AboveNormal };
        thread.Start();
    }

    /// <inheritdoc />
    public void Dispose()
    {
        stop.Set();
        thread.Join();
        socket.Dispose();
        stop.Dispose();
    }

    private void Beat()
    {
        while (!stop.IsSet)
        {
            try
            {
                socket.SendTo([], target);
                lost();
            }
            catch (SocketException e) when (e.SocketErrorCode is SocketError.AccessDenied || e.NativeErrorCode == 1)
            {
                // Swallowed (EPERM): the rules are there.
            }
            catch (SocketException)
            {
                // Nobody can reach the address now, so nothing has to be redirected either.
            }

            stop.Wait(Interval);
        }
    }
}
