using System.ComponentModel;
using System.Net.Sockets;

namespace JustRunIt.ProxyNode.Sockets;

/// <summary>
/// How many sockets the process may have open (RLIMIT_NOFILE, less what everything else of it takes), and how many it has. Some are
/// left over always: a runtime that cannot open a file or a pipe ends.
/// </summary>
internal static class Descriptors
{
    /// <summary>Descriptors that are left over besides those that are open at the start, and a part of all.</summary>
    private const int Headroom = 64;

    private const int PartLeftOver = 32;
    private const int FewestSockets = 16;

    private static int inUse;
    private static int others = Math.Max(0, CountOpen() - inUse);

    /// <summary>Sockets that are open on the loops.</summary>
    public static int InUse => Volatile.Read(ref inUse);

    /// <summary>Most sockets that may be open on the loops.</summary>
    public static int Most => MostWith(Native.LimitOfFiles(), Volatile.Read(ref others));

    /// <summary>Whether an on-line connection may open another socket.</summary>
    public static bool HasRoom => InUse < Most;

    /// <summary>
    /// Whether a clone's connection may be opened: they get what is left while three quarters are free for on-line ones, for nothing
    /// on-line may be refused because of a clone.
    /// </summary>
    public static bool HasRoomForClones => InUse < Most / 4 * 3;

    /// <summary>Most sockets where a process may open so many descriptors.</summary>
    /// <param name="limit">RLIMIT_NOFILE.</param>
    /// <param name="others">What is open besides.</param>
    public static int MostWith(long limit, int others) =>
        (int)Math.Clamp(limit - others - Headroom - Math.Min(limit / PartLeftOver, 1024), FewestSockets, int.MaxValue);

    /// <summary>A socket was opened.</summary>
    public static void Opened() => Interlocked.Increment(ref inUse);

    /// <summary>A socket was closed.</summary>
    public static void Closed() => Interlocked.Decrement(ref inUse);

    /// <summary>Counts what else is open: when the process starts, and when there were fewer than was thought.</summary>
    public static void CountOthers() => Volatile.Write(ref others, Math.Max(0, CountOpen() - InUse));

    /// <summary>
    /// Whether something failed because the process, or the machine, has too few descriptors, or too little memory for sockets.
    /// </summary>
    public static bool IsShortage(Exception failure) => failure switch
    {
        SocketException socket => socket.SocketErrorCode is SocketError.TooManyOpenSockets or SocketError.NoBufferSpaceAvailable
            || IsNumberOfShortage(socket.NativeErrorCode),
        Win32Exception system => IsNumberOfShortage(system.NativeErrorCode),
        _ => false,
    };

    /// <summary>errno(3): ENOMEM, ENFILE, EMFILE, ENOSPC (epoll_ctl(2): too many watches), ENOBUFS.</summary>
    private static bool IsNumberOfShortage(int error) => error is 12 or 23 or 24 or 28 or 105;

    private static int CountOpen()
    {
        try
        {
            return Directory.EnumerateFileSystemEntries("/proc/self/fd").Count();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // As many as the runtime opens.
            return 200;
        }
    }
}
