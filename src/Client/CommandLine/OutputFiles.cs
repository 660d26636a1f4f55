using JustRunIt.Hosting.Configuration;

namespace JustRunIt.Client.CommandLine;

/// <summary>Files that a long run writes at its end.</summary>
public static class OutputFiles
{
    /// <summary>Makes sure at the beginning that they can be written; makes their folders.</summary>
    /// <param name="files">Paths; null for what is not asked for.</param>
    /// <exception cref="ConfigurationException">One cannot.</exception>
    public static void Prepare(params IEnumerable<string?> files)
    {
        ArgumentNullException.ThrowIfNull(files);
        foreach (var file in files.OfType<string>())
        {
            try
            {
                Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(file))!);
                var isNew = !File.Exists(file);
                new FileStream(file, FileMode.Append).Dispose();
                if (isNew)
                    File.Delete(file);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw new ConfigurationException($"command line: '{file}' cannot be written: {e.Message}");
            }
        }
    }
}
