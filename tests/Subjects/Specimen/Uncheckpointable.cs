namespace JustRunIt.Specimen;

/// <summary>Something that CRIU cannot put into an image.</summary>
internal static class Uncheckpointable
{
    private static readonly List<FileSystemWatcher> Held = [];

    /// <summary>Watches a folder (inotify(7)): on an overlay the kernel tells no handle that would find it again.</summary>
    public static string Hold()
    {
        Held.Add(new FileSystemWatcher("/tmp") { EnableRaisingEvents = true });
        return "held";
    }
}
