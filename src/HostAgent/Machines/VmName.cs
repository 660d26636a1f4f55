namespace JustRunIt.HostAgent.Machines;

/// <summary>
/// Names of virtual machines and clones, which become names of directories, files and control groups: data with a grammar,
/// never a path.
/// </summary>
internal static class VmName
{
    /// <summary>As long as a file name may be with what is added to it.</summary>
    private const int Longest = 200;

    /// <summary>Refuses what is no name.</summary>
    /// <exception cref="HostException">It is none.</exception>
    public static void Check(string name)
    {
        if (name is not { Length: > 0 and <= Longest } || !name.All(IsAllowed) || !char.IsAsciiLetterOrDigit(name[0]))
        {
            throw new HostException(
                $"name: '{name}'; allowed are letters, digits, hyphens, dots and underscores, a letter or digit first, at most {Longest}");
        }
    }

    private static bool IsAllowed(char c) => char.IsAsciiLetterOrDigit(c) || c is '-' or '.' or '_';
}
