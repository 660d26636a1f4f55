using System.Runtime.InteropServices;
using System.Text;

namespace JustRunIt.Hosting.Files;

/// <summary>
/// Files and folders that nobody but their owner may read or enter, whatever mask the process was started with. What a process of this
/// system keeps holds traffic, commands and names of servers: everything that it writes goes through here.
/// </summary>
public static partial class OwnerOnly
{
    /// <summary>rw-------</summary>
    public const UnixFileMode OfFile = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>rwx------</summary>
    public const UnixFileMode OfFolder = OfFile | UnixFileMode.UserExecute;

    private const int Mask = 0b000_111_111;
    private const UnixFileMode Others = (UnixFileMode)Mask;
    private const UnixFileMode ReadByOthers =
        UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;

    private static int? inherited;

    /// <summary>
    /// The mask that this process was started with, for programs of others that it starts: what they write is their affair. Octal, as
    /// umask(1) reads it.
    /// </summary>
    public static string InheritedMask => Convert.ToString(inherited ?? CurrentMask(), 8).PadLeft(3, '0');

    /// <summary>
    /// From now on whatever this process makes is its owner's alone, also what a library, or a tool that it starts, makes: sockets, and
    /// files whose mode nobody gives. First of all in every program.
    /// </summary>
    public static void ForWholeProcess()
    {
        if (OperatingSystem.IsWindows() || inherited is not null)
            return;
        inherited = (int)SetMask(Mask);
    }

    /// <summary>Makes a folder, and those above that are not there. One that was there before and holds nothing is tightened.</summary>
    /// <returns>The folder's full path.</returns>
    /// <exception cref="IOException">There can be none.</exception>
    /// <exception cref="UnauthorizedAccessException">There may be none.</exception>
    public static string Folder(string path)
    {
        var full = Path.GetFullPath(path);
        if (OperatingSystem.IsWindows())
            return Directory.CreateDirectory(full).FullName;
        if (!Directory.Exists(full))
            Directory.CreateDirectory(full, OfFolder);
        else if (IsOpenToOthers(full) && !Directory.EnumerateFileSystemEntries(full).Any())
            Tighten(full);
        return full;
    }

    /// <summary>
    /// The same for a folder that is this program's alone: one that an earlier version left open to others is tightened, whatever it holds.
    /// </summary>
    public static string OwnFolder(string path)
    {
        var full = Folder(path);
        if (!OperatingSystem.IsWindows() && IsOpenToOthers(full))
            Tighten(full);
        return full;
    }

    /// <summary>Makes a folder, below one of the owner's, that programs of other users are to enter from within, such as a root.</summary>
    public static void FolderForAll(string path)
    {
        Folder(path);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(path, OfFolder | ReadByOthers);
    }

    /// <summary>Opens a file, which is the owner's alone from its first byte on.</summary>
    /// <exception cref="IOException">It cannot be opened.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be opened.</exception>
    public static FileStream Open(
        string path,
        FileMode mode,
        FileAccess access = FileAccess.Write,
        FileShare share = FileShare.Read,
        int bufferSize = 4096)
    {
        var options = new FileStreamOptions { Mode = mode, Access = access, Share = share, BufferSize = bufferSize };
        if (OperatingSystem.IsWindows())
            return new FileStream(path, options);
        options.UnixCreateMode = OfFile;
        var stream = new FileStream(path, options);
        try
        {
            // One that was there before.
            if ((File.GetUnixFileMode(stream.SafeFileHandle) & Others) != 0)
                File.SetUnixFileMode(stream.SafeFileHandle, OfFile);
            return stream;
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    /// <summary>Writes a file as a whole.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be written.</exception>
    public static void WriteAllText(string path, string text)
    {
        using var stream = Open(path, FileMode.Create);
        stream.Write(Encoding.UTF8.GetBytes(text));
    }

    /// <summary>Lets only the owner read what is there: a file, or a folder and what is below.</summary>
    public static void Tighten(string path)
    {
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(path, Directory.Exists(path) ? OfFolder : OfFile);
    }

    /// <summary>Whether anybody but the owner may do anything with what is at a path.</summary>
    public static bool IsOpenToOthers(string path) => !OperatingSystem.IsWindows() && (File.GetUnixFileMode(path) & Others) != 0;

    /// <summary>The kernel tells it without a change (proc(5), status).</summary>
    private static int CurrentMask()
    {
        const string field = "Umask:";
        var line = File.ReadLines("/proc/self/status").FirstOrDefault(line => line.StartsWith(field, StringComparison.Ordinal));
        return line is null ? 0 : Convert.ToInt32(line[field.Length..].Trim(), 8);
    }

    [LibraryImport("libc", EntryPoint = "umask")]
    private static partial uint SetMask(int mask);
}
