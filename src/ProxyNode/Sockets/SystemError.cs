using System.Net.Sockets;

namespace JustRunIt.ProxyNode.Sockets;

/// <summary>What the kernel says went wrong with a socket (errno(3), numbers as on Linux), in the runtime's words.</summary>
internal static class SystemError
{
    /// <summary>The exception for an error number.</summary>
    public static SocketException ToException(int error) => new((int)(error switch
    {
        // errno.h
        Native.Again => SocketError.WouldBlock,
        32 or 104 => SocketError.ConnectionReset,
        110 => SocketError.TimedOut,
        111 => SocketError.ConnectionRefused,
        101 => SocketError.NetworkUnreachable,
        113 => SocketError.HostUnreachable,
        23 or 24 => SocketError.TooManyOpenSockets,
        12 or 28 or 105 => SocketError.NoBufferSpaceAvailable,
        _ => SocketError.SocketError,
    }));
}
