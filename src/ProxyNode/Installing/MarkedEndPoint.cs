using System.Net;
using System.Net.Sockets;

namespace JustRunIt.ProxyNode.Installing;

/// <summary>
/// An address that is reached past its own redirection: connections to it carry a mark (<c>SO_MARK</c>, socket(7)) that the
/// redirection exempts.
/// </summary>
internal sealed class MarkedEndPoint(IPEndPoint address, int mark) : IPEndPoint(address.Address, address.Port)
{
    private const int SolSocket = 1;
    private const int SoMark = 36;

    /// <summary>Marks a socket that will connect, or send, to it.</summary>
    /// <exception cref="SocketException">The process may not set marks (CAP_NET_ADMIN).</exception>
    public void Mark(Socket socket) => socket.SetRawSocketOption(SolSocket, SoMark, BitConverter.GetBytes(mark));
}
