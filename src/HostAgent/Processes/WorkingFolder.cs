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
    private const string Field = "program.workingDirectory";
    private const string ImageField = "program.image";

    /// <summary>Refuses one that others than root and the agent's own user can write to.</summary>
    /// <exception cref="HostException">They can, or it is not there; with the field, its value, and what is allowed.</exception>
    public static void Check(string folder) => new Way(Field, folder).Go();

    /// <summary>
    /// The same for an image's own folder on the host. What is in it belongs to the image's users, whose numbers mean nobody on the host,
    /// and who may write what there is their business.
    /// </summary>
    /// <param name="image">Folder with a root file system.</param>
    /// <exception cref="HostException">Others can, or it is not there; with the field, its value, and what is allowed.</exception>
    public static void CheckImage(string image) => new Way(ImageField, image).Go();

    /// <summary>What leads to a folder.</summary>
    /// <param name="Field">Whose value it is, for complaints.</param>
    /// <param name="Folder">The folder.</param>
    private sealed record Way(string Field, string Folder)
    {
        /// <summary>Looks at all of it.</summary>
        /// <exception cref="HostException">Others can write to it, or put another one in its place.</exception>
        public void Go()
        {
            try
            {
                if (Folder is not ['/', ..])
                    throw Refused("it is not absolute");
                Walk(Folder, MostLinks);
            }
            catch (IOException e)
            {
                throw Refused(HostException.OneLine(e));
            }
        }

        /// <summary>Goes down as the kernel does, link by link, and looks at whatever decides where that leads.</summary>
        private void Walk(string path, int links)
        {
            var parts = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
            var at = "/";
            Look(at, isLast: parts.Length == 0);
            for (var i = 0; i < parts.Length; i++)
            {
                at = Path.GetFullPath(parts[i], at);
                if (Look(at, isLast: i == parts.Length - 1) is not { } target)
                    continue;
                if (links == 0)
                    throw Refused("it has too many links");
                var rest = string.Join('/', parts[(i + 1)..]);
                Walk($"{(target.StartsWith('/') ? "" : Path.GetDirectoryName(at) + "/")}{target}/{rest}", links - 1);
                return;
            }
        }

        /// <summary>Where a link leads; null for what is none.</summary>
        private string? Look(string at, bool isLast)
        {
            var found = Posix.OwnershipOf(at);
            if (found.User != 0 && found.User != Posix.OwnUser)
                throw Refused($"{at} is user {found.User}'s");
            if (found.IsLink)
                return new FileInfo(at).LinkTarget;
            // In one with the sticky bit nobody renames or removes what is another's, and everybody makes new ones.
            var isWritable = (found.Mode & (UnixFileMode.GroupWrite | UnixFileMode.OtherWrite)) != 0;
            return isWritable && (isLast || !found.Mode.HasFlag(UnixFileMode.StickyBit))
                ? throw Refused($"others can write to {at}")
                : null;
        }

        private HostException Refused(string why) =>
            new($"{Field}: '{Folder}' ({why}); allowed is an absolute path of a folder that nobody but root and the agent's user can write "
                + "to or replace");
    }
}
