using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace JustRunIt.ProxyNode.Sockets;

/// <summary>The calls of Linux that sockets and the waiting for them are made of.</summary>
internal static unsafe class Native
{
    // errno.h
    public const int Interrupted = 4;
    public const int Again = 11;
    public const int InProgress = 115;

    // epoll(7)
    public const uint In = 0x1;
    public const uint Out = 0x4;
    public const uint Error = 0x8;
    public const uint HangUp = 0x10;
    public const uint PeerHasEnded = 0x2000;
    public const uint EdgeTriggered = 1u << 31;
    public const int Add = 1;
    public const int CloseOnExec = 0x80000;

    private const int LimitOfFilesNumber = 7;

    // send(2): do not wait, and raise no signal.
    public const int DontWait = 0x40;
    public const int NoSignal = 0x4000;

    /// <summary><c>struct epoll_event</c> is packed on this processor only.</summary>
    public static readonly bool IsPacked = RuntimeInformation.ProcessArchitecture is Architecture.X64 or Architecture.X86;

    /// <summary>Bytes of <c>struct epoll_event</c>.</summary>
    public static readonly int EventLength = IsPacked ? 12 : 16;

    /// <summary>Where in it the data are, after the events.</summary>
    public static readonly int EventDataAt = IsPacked ? 4 : 8;

    /// <summary>How many descriptors the process may open (getrlimit(2), RLIMIT_NOFILE, the soft limit).</summary>
    public static long LimitOfFiles()
    {
        var limits = stackalloc ulong[2];
        return GetLimit(LimitOfFilesNumber, limits) == 0 ? (long)Math.Min(limits[0], long.MaxValue) : 1024;
    }

    [DllImport("libc", EntryPoint = "getrlimit")]
    private static extern int GetLimit(int resource, ulong* limits);

    [DllImport("libc", EntryPoint = "epoll_create1", SetLastError = true)]
    public static extern int EPollCreate(int flags);

    [DllImport("libc", EntryPoint = "epoll_ctl", SetLastError = true)]
    public static extern int EPollControl(SafeFileHandle epoll, int operation, int descriptor, byte* change);

    [DllImport("libc", EntryPoint = "epoll_wait", SetLastError = true)]
    public static extern int EPollWait(int epoll, byte* events, int most, int milliseconds);

    [DllImport("libc", EntryPoint = "recv", SetLastError = true)]
    public static extern nint Receive(int socket, byte* buffer, nint length, int flags);

    [DllImport("libc", EntryPoint = "send", SetLastError = true)]
    public static extern nint Send(int socket, byte* buffer, nint length, int flags);

    [DllImport("libc", EntryPoint = "connect", SetLastError = true)]
    public static extern int Connect(int socket, byte* address, int length);
}
