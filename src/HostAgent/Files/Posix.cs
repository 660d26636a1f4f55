using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace JustRunIt.HostAgent.Files;

/// <summary>Calls of the system that .NET has no words for (man-pages, section 2).</summary>
internal static partial class Posix
{
    // fcntl.h and unistd.h of Linux, the same on every processor that .NET runs on but for the two that architectures renumber.
    private const int ReadOnly = 0;
    private const int ReadWrite = 2;
    private const int NonBlocking = 0x800;
    private const int CloseOnExec = 0x80000;

    // statx(2): a structure of 256 bytes, the same on every processor.
    private const int StatusBytes = 256;
    private const int UserAt = 20;
    private const int ModeAt = 28;
    private const int BlocksAt = 48;
    private const int BlockBytes = 512;
    private const int EmptyPath = 0x1000;
    private const int LinkItself = 0x100;
    private const uint BasicStatus = 0x7ff;
    private const int TypeMask = 0xf000;
    private const int RegularType = 0x8000;
    private const int LinkType = 0xa000;
    private const int PermissionMask = 0xfff;

    private static readonly bool IsArm = RuntimeInformation.ProcessArchitecture is Architecture.Arm64 or Architecture.Arm;

    private static int NoFollow => IsArm ? 0x8000 : 0x20000;

    private static int Folder => IsArm ? 0x4000 : 0x10000;

    /// <summary>
    /// Opens a file that somebody else may have put there: what is a link, a pipe, a folder or a device is not opened, or not read
    /// from, whatever it leads to.
    /// </summary>
    /// <exception cref="IOException">It is no regular file, or not there.</exception>
    public static SafeFileHandle OpenRegular(string path, bool writes = false)
    {
        var flags = (writes ? ReadWrite : ReadOnly) | NoFollow | NonBlocking | CloseOnExec;
        var handle = new SafeFileHandle(Checked(Open(path, flags, 0), path), ownsHandle: true);
        try
        {
            if (IsRegular(handle))
                return handle;
        }
        catch
        {
            handle.Dispose();
            throw;
        }

        handle.Dispose();
        throw new IOException($"{path} is no regular file");
    }

    /// <summary>Writes the names in a folder to the disk: a file that was renamed there has its new name after a power cut.</summary>
    /// <exception cref="IOException">The disk refuses.</exception>
    public static void FlushFolder(string folder)
    {
        using var handle = new SafeFileHandle(Checked(Open(folder, ReadOnly | Folder | CloseOnExec, 0), folder), ownsHandle: true);
        // A file system without anything to write (some in memory) refuses, and has lost nothing.
        _ = Flush(handle);
    }

    /// <summary>Gives a file another name beside its own.</summary>
    /// <exception cref="IOException">It cannot have it.</exception>
    public static void Link(string file, string name) => Checked(MakeLink(file, name), name);

    /// <summary>Bytes that a file takes on its disk: less than its length where it has holes.</summary>
    public static long BytesOnDisk(SafeFileHandle file)
    {
        Span<byte> told = stackalloc byte[StatusBytes];
        Status(file, told);
        return (long)MemoryMarshal.Read<ulong>(told[BlocksAt..]) * BlockBytes;
    }

    /// <summary>The user that this process acts as.</summary>
    public static uint OwnUser => EffectiveUser();

    /// <summary>Whose a file or folder is, and who may do what with it; of a link, not of what it leads to.</summary>
    /// <exception cref="IOException">It is not there, or cannot be looked at.</exception>
    public static (uint User, UnixFileMode Mode, bool IsLink) OwnershipOf(string path)
    {
        Span<byte> told = stackalloc byte[StatusBytes];
        // An absolute path needs no folder.
        using var none = new SafeFileHandle(-1, ownsHandle: false);
        Checked(StatusOf(none, path, LinkItself, BasicStatus, ref MemoryMarshal.GetReference(told)), path);
        var mode = MemoryMarshal.Read<ushort>(told[ModeAt..]);
        return (MemoryMarshal.Read<uint>(told[UserAt..]), (UnixFileMode)(mode & PermissionMask), (mode & TypeMask) == LinkType);
    }

    private static bool IsRegular(SafeFileHandle handle)
    {
        Span<byte> told = stackalloc byte[StatusBytes];
        Status(handle, told);
        return (MemoryMarshal.Read<ushort>(told[ModeAt..]) & TypeMask) == RegularType;
    }

    private static void Status(SafeFileHandle handle, Span<byte> told)
    {
        if (StatusOf(handle, "", EmptyPath, BasicStatus, ref MemoryMarshal.GetReference(told)) < 0)
            throw new IOException($"statx: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}");
    }

    private static int Checked(int result, string path)
    {
        if (result >= 0)
            return result;
        var error = Marshal.GetLastPInvokeError();
        var text = $"{path}: {Marshal.GetPInvokeErrorMessage(error)}";
        throw error == 2 ? new FileNotFoundException(text) : new IOException(text, error);
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags, int mode);

    [LibraryImport("libc", EntryPoint = "link", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int MakeLink(string file, string name);

    [LibraryImport("libc", EntryPoint = "geteuid")]
    private static partial uint EffectiveUser();

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Flush(SafeFileHandle file);

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int StatusOf(SafeFileHandle folder, string path, int flags, uint mask, ref byte told);
}
