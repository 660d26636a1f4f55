using JustRunIt.Hosting.Configuration;
using JustRunIt.Hosting.Files;

namespace JustRunIt.Hosting.Logging;

/// <summary>
/// The folder with the log files of all processes: <c>NAME-PID.clef</c>, and <c>NAME-PID_001.clef</c> and so on once it is full.
/// Only their owner reads them.
/// </summary>
public static class LogFolder
{
    /// <summary>The files' extension: compact log event format, a JSON object a line (https://clef-json.org).</summary>
    public const string Extension = ".clef";

    /// <summary>Bytes at which a file is full and the next is begun.</summary>
    public const long FileSize = 16 << 20;

    /// <summary>Files that are kept of one process while it runs.</summary>
    public const int FilesOfOneProcess = 4;

    /// <summary>Files that are kept of earlier processes of a name.</summary>
    public const int FilesOfEarlierProcesses = 8;

    private const int LongestName = 100;

    /// <summary>Makes the folder, and makes room in it for a process.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="process">The process' name.</param>
    /// <returns>Path of its first file.</returns>
    /// <exception cref="ConfigurationException">There can be no such folder, or nothing can be written in it.</exception>
    public static string Prepare(string folder, string process)
    {
        var name = FileNameOf(process);
        var file = Path.Combine(folder, $"{name}-{Environment.ProcessId}{Extension}");
        try
        {
            OwnerOnly.Folder(folder);
            RemoveEarlier(folder, name);
            using var written = OwnerOnly.Open(file, FileMode.OpenOrCreate, share: FileShare.ReadWrite);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException or ArgumentException)
        {
            throw new ConfigurationException(
                $"environment: {EnvironmentVariables.Logs}: '{folder}'; allowed is a folder in which files can be written: {e.Message}");
        }

        return file;
    }

    /// <summary>A process' name as a file's: letters, digits, dots, hyphens and underscores.</summary>
    internal static string FileNameOf(string process)
    {
        var name = string.Concat(process.Select(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_' ? c : '_')).TrimStart('.');
        return name.Length == 0 ? "process" : name.Length > LongestName ? name[..LongestName] : name;
    }

    /// <summary>Whether a file belongs to a process of this name, whatever its id.</summary>
    private static bool IsOf(string name, string file)
    {
        var rest = Path.GetFileNameWithoutExtension(file.AsSpan());
        return rest.StartsWith($"{name}-", StringComparison.Ordinal)
            && rest[(name.Length + 1)..].IndexOfAnyExcept("0123456789_") < 0;
    }

    private static void RemoveEarlier(string folder, string name)
    {
        var files = Directory.EnumerateFiles(folder, $"*{Extension}").Where(file => IsOf(name, file));
        foreach (var file in files.OrderByDescending(File.GetLastWriteTimeUtc).Skip(FilesOfEarlierProcesses))
        {
            try
            {
                File.Delete(file);
            }
            catch (IOException)
            {
                // Another process that starts was quicker, or it is in use where files in use cannot be removed.
            }
        }
    }
}
