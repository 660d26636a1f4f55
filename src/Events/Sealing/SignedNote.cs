using System.Collections.Immutable;

namespace JustRunIt.Events.Sealing;

/// <summary>A text with signatures, as C2SP's <c>signed-note</c> writes it down.</summary>
/// <param name="Text">The text that is signed, each line with its end.</param>
/// <param name="Signatures">The signatures.</param>
public sealed record SignedNote(string Text, ImmutableArray<SignedNote.Signature> Signatures)
{
    private const string Mark = "— ";
    private const int IdLength = 4;
    private const int MostSignatures = 100;

    /// <summary>The note, whole.</summary>
    public override string ToString() => $"{Text}\n{string.Concat(Signatures)}";

    /// <summary>Reads a note.</summary>
    /// <param name="note">The note.</param>
    /// <param name="read">What it says.</param>
    /// <param name="problem">Where it is none: what is wrong.</param>
    public static bool TryRead(string note, out SignedNote read, out string problem)
    {
        ArgumentNullException.ThrowIfNull(note);
        read = new SignedNote("", []);
        var split = note.LastIndexOf("\n\n", StringComparison.Ordinal);
        if (split < 0 || !note.EndsWith('\n') || note.Any(c => c < ' ' && c != '\n'))
        {
            problem = "it is no signed note: allowed is a text, an empty line, and lines with signatures";
            return false;
        }

        var lines = note[(split + 2)..^1].Split('\n');
        var signatures = ImmutableArray.CreateBuilder<Signature>();
        foreach (var line in lines)
        {
            if (lines.Length > MostSignatures || Signature.Read(line) is not { } signature)
            {
                problem = $"'{line}' is no signature: allowed is '{Mark}NAME BASE64'";
                return false;
            }

            signatures.Add(signature);
        }

        (read, problem) = (new SignedNote(note[..(split + 1)], signatures.ToImmutable()), "");
        return true;
    }

    /// <summary>One signature of a note.</summary>
    /// <param name="Key">Name of the key.</param>
    /// <param name="Id">The key's id: four bytes, as hexadecimal digits.</param>
    /// <param name="Bytes">The signature itself, as base64.</param>
    public sealed record Signature(string Key, string Id, string Bytes)
    {
        /// <summary>Its line, with its end.</summary>
        public override string ToString() =>
            $"{Mark}{Key} {Convert.ToBase64String([.. Convert.FromHexString(Id), .. Convert.FromBase64String(Bytes)])}\n";

        internal static Signature? Read(string line)
        {
            if (!line.StartsWith(Mark, StringComparison.Ordinal) || line[Mark.Length..].Split(' ') is not [{ Length: > 0 } key, var base64])
                return null;
            var bytes = new byte[base64.Length];
            return Convert.TryFromBase64String(base64, bytes, out var length) && length > IdLength
                ? new Signature(
                    key,
                    Convert.ToHexStringLower(bytes.AsSpan(0, IdLength)),
                    Convert.ToBase64String(bytes.AsSpan(IdLength, length - IdLength)))
                : null;
        }
    }
}
