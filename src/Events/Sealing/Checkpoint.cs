using System.Globalization;

namespace JustRunIt.Events.Sealing;

/// <summary>
/// The state of a log at one moment: so many events, with this root. Its text is that of C2SP's <c>tlog-checkpoint</c>.
/// </summary>
/// <param name="Origin">The log's name.</param>
/// <param name="Size">Number of its leaves.</param>
/// <param name="Root">The root of their tree, as base64.</param>
public sealed record Checkpoint(string Origin, long Size, string Root)
{
    /// <summary>Its text, each line with its end.</summary>
    public string Text => string.Create(CultureInfo.InvariantCulture, $"{Origin}\n{Size}\n{Root}\n");

    /// <summary>A checkpoint of a tree.</summary>
    public static Checkpoint Of(string origin, long size, ReadOnlySpan<byte> root) => new(origin, size, Convert.ToBase64String(root));

    /// <summary>Reads a text; lines behind the third are extensions, of which nothing is known here.</summary>
    /// <param name="text">The text.</param>
    /// <param name="checkpoint">What it says.</param>
    /// <param name="problem">Where it is none: the field, its value, and what is allowed.</param>
    public static bool TryRead(string text, out Checkpoint checkpoint, out string problem)
    {
        ArgumentNullException.ThrowIfNull(text);
        checkpoint = new Checkpoint("", 0, "");
        var lines = text.Split('\n');
        if (lines.Length < 4)
            return Fails("the text has fewer than three lines; allowed are origin, size and root", out problem);
        if (lines[0].Length == 0)
            return Fails("origin: empty; allowed is the log's name", out problem);
        // As it is written, and no other way: a text with another spelling would have another signature.
        if (!long.TryParse(lines[1], NumberStyles.None, CultureInfo.InvariantCulture, out var size)
            || size.ToString(CultureInfo.InvariantCulture) != lines[1])
        {
            return Fails($"size: '{lines[1]}'; allowed is a decimal number without leading zeros", out problem);
        }

        Span<byte> root = stackalloc byte[MerkleTree.HashLength];
        if (!Convert.TryFromBase64String(lines[2], root, out var length) || length != MerkleTree.HashLength
            || Convert.ToBase64String(root) != lines[2])
        {
            return Fails($"root: '{lines[2]}'; allowed are 32 bytes as base64", out problem);
        }

        (checkpoint, problem) = (new Checkpoint(lines[0], size, lines[2]), "");
        return true;
    }

    private static bool Fails(string what, out string problem)
    {
        problem = what;
        return false;
    }
}
