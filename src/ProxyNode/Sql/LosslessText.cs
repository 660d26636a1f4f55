using System.Buffers;
using System.Text;
using System.Text.Unicode;

namespace JustRunIt.ProxyNode.Sql;

/// <summary>
/// A statement's bytes as text, without loss: they are in the session's character set, and a literal may hold any. What is no UTF-8
/// becomes lone surrogates, U+DC80 to U+DCFF (as Python's surrogateescape), of which UTF-8 has none; so other bytes are another text.
/// </summary>
internal static class LosslessText
{
    /// <summary>With a byte that is no UTF-8 added, the character that stands for it.</summary>
    public const char Escape = '\uDC00';

    /// <summary>The text of bytes.</summary>
    public static string Of(ReadOnlySpan<byte> bytes)
    {
        if (Utf8.IsValid(bytes))
            return Encoding.UTF8.GetString(bytes);
        var text = new StringBuilder(bytes.Length);
        Span<char> units = stackalloc char[2];
        while (!bytes.IsEmpty)
        {
            var isWhole = Rune.DecodeFromUtf8(bytes, out var rune, out var count) == OperationStatus.Done;
            if (isWhole)
            {
                text.Append(units[..rune.EncodeToUtf16(units)]);
            }
            else
            {
                foreach (var value in bytes[..count])
                    text.Append((char)(Escape + value));
            }

            bytes = bytes[count..];
        }

        return text.ToString();
    }
}
