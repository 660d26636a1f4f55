using System.Text;
using JustRunIt.HostAgent.Machines;
using JustRunIt.Hosting.Files;

namespace JustRunIt.HostAgent.Files;

/// <summary>
/// Files that are there whole or not at all, whenever the agent is killed or the power fails: written beside, flushed, renamed. Only
/// the agent's user can read them.
/// </summary>
internal static class WholeFile
{
    /// <summary>What a file is called while it is written.</summary>
    public const string Next = ".next";

    /// <summary>Replaces a file.</summary>
    /// <exception cref="IOException">It cannot be written; what was there before is still there.</exception>
    public static void Write(string path, string text) => Write(path, Encoding.UTF8.GetBytes(text), previous: null);

    /// <summary>Replaces a file, and keeps the one before as <paramref name="previous"/>; at no moment is neither of them there.</summary>
    /// <exception cref="IOException">It cannot be written; what was there before is still there.</exception>
    public static void Write(string path, byte[] bytes, string? previous)
    {
        var next = path + Next;
        var folder = Path.GetDirectoryName(path)!;
        try
        {
            OwnerOnly.Folder(folder);
            using (var file = Create(next))
            {
                file.Write(bytes);
                file.Flush(flushToDisk: true);
            }

            if (previous is not null && File.Exists(path))
                Keep(path, previous);
            File.Move(next, path, overwrite: true);
            Posix.FlushFolder(folder);
        }
        catch (Exception e) when (HostException.IsOfTheSystem(e))
        {
            TryDelete(next);
            throw;
        }
    }

    /// <summary>Makes a file that only its owner can read.</summary>
    /// <exception cref="IOException">It cannot be made.</exception>
    public static FileStream Create(string path) => OwnerOnly.Open(
        path, FileMode.Create, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);

    /// <summary>The file has both names until the next one takes its first: a kill in between loses neither.</summary>
    private static void Keep(string path, string previous)
    {
        var kept = previous + Next;
        TryDelete(kept);
        Posix.Link(path, kept);
        File.Move(kept, previous, overwrite: true);
    }

    private static void TryDelete(string file)
    {
        try
        {
            File.Delete(file);
        }
        catch (Exception e) when (HostException.IsOfTheSystem(e))
        {
            // It was never there, or the whole folder is gone.
        }
    }
}
