namespace JustRunIt.HouseStyle.Tests;

/// <summary>The files of the working copy that people write: none that is built, and none that a program wrote.</summary>
internal static class SourceFiles
{
    private static readonly HashSet<string> NotOurs =
        new(["bin", "obj", "artifacts", "TestResults", "node_modules", ".git", ".justrunit", ".vs", ".idea"], StringComparer.Ordinal);

    /// <summary>The repository's folder.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>All of them, as paths below the repository, sorted.</summary>
    public static IReadOnlyList<string> All { get; } =
        [.. Below(new DirectoryInfo(Root)).Select(file => Path.GetRelativePath(Root, file)).Order(StringComparer.Ordinal)];

    /// <summary>Sources in C#.</summary>
    public static IEnumerable<string> CSharp => All.Where(file => file.EndsWith(".cs", StringComparison.Ordinal));

    /// <summary>Programs of the shell, which not all say so in their name.</summary>
    public static IEnumerable<string> Shell => All.Where(file =>
        file.EndsWith(".sh", StringComparison.Ordinal) || (Path.GetExtension(file).Length == 0 && BeginsAsShell(file)));

    /// <summary>The lines of a file.</summary>
    public static string[] Lines(string file) => File.ReadAllLines(Path.Combine(Root, file));

    private static bool BeginsAsShell(string file)
    {
        using var reader = new StreamReader(Path.Combine(Root, file));
        var first = new char[64];
        var count = reader.ReadBlock(first);
        var line = new string(first, 0, count).Split('\n')[0];
        return line.StartsWith("#!", StringComparison.Ordinal) && line.EndsWith("sh", StringComparison.Ordinal);
    }

    private static IEnumerable<string> Below(DirectoryInfo folder)
    {
        foreach (var file in folder.EnumerateFiles())
        {
            // A link may lead out of the repository.
            if (file.LinkTarget is null)
                yield return file.FullName;
        }

        foreach (var inner in folder.EnumerateDirectories().Where(inner => inner.LinkTarget is null && !NotOurs.Contains(inner.Name)))
        {
            foreach (var file in Below(inner))
                yield return file;
        }
    }

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "JustRunIt.Events.sln")))
            folder = folder.Parent;
        return folder?.FullName ?? throw new InvalidOperationException($"No JustRunIt.Events.sln above {AppContext.BaseDirectory}.");
    }
}
