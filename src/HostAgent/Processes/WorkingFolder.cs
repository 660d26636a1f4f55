using JustRunIt.HostAgent.Files;
using JustRunIt.HostAgent.Machines;

namespace JustRunIt.HostAgent.Processes;

/// <summary>
/// The folder that a program starts in. Many load from there what they are not told to, settings and libraries: where others can write
/// to it, or put another one in its place, they would choose what runs.
/// </summary>
internal static class WorkingFolder
{
    // As many as the kernel follows (path_resolution(7)).
    private const int MostLinks = 40;

    /// <summary>Refuses one that others than root and the agent's own user can write to.</summary>
    /// <exception cref="HostException">They can, or it is not there; with the field, its value, and what is allowed.</exception>
    public static void Check(string folder)
    {
        try
        {
            if (folder is not ['/', ..])
                throw Refused(folder, "it is not absolute");
            Walk(folder, folder, MostLinks);
        }
        catch (IOException e)
        {
            throw Refused(folder, HostException.OneLine(e));
        }
    }

    /// <summary>Goes down as the kernel does, link by link, and looks at whatever decides where that leads.</summary>
    private static void Walk(string folder, string path, int links)
    {
        var parts = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        var at = "/";
        Look(folder, at, isLast: parts.Length == 0);
        for (var i = 0; i < parts.Length; i++)
        {
            at = Path.GetFullPath(parts[i], at);
            if (Look(folder, at, isLast: i == parts.Length - 1) is not { } target)
                continue;
            if (links == 0)
                throw Refused(folder, "it has too many links");
            var rest = string.Join('/', parts[(i + 1)..]);
            Walk(folder, $"{(target.StartsWith('/') ? "" : Path.GetDirectoryName(at) + "/")}{target}/{rest}", links - 1);
            return;
        }
    }

    /// <summary>Where a link leads; null for what is none.</summary>
    private static string? Look(string folder, string at, bool isLast)
    {
        var found = Posix.OwnershipOf(at);
        if (found.User != 0 && found.User != Posix.OwnUser)
            throw Refused(folder, $"{at} is user {found.User}'s");
        if (found.IsLink)
            return new FileInfo(at).LinkTarget;
        // In one with the sticky bit nobody renames or removes what is another's, and everybody makes new ones.
        var isOpen = (found.Mode & (UnixFileMode.GroupWrite | UnixFileMode.OtherWrite)) != 0;
        return isOpen && (isLast || !found.Mode.HasFlag(UnixFileMode.StickyBit))
            ? throw Refused(folder, $"others can write to {at}")
            : null;
    }

    private static HostException Refused(string folder, string why) =>
        new($"program.workingDirectory: '{folder}' ({why}); allowed is an absolute path of a folder that nobody but root and the agent's "
            + "user can write to or replace");
}
