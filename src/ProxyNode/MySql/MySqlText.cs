using System.Buffers;
using System.Text;
using System.Text.Unicode;

namespace JustRunIt.ProxyNode.MySql;

/// <summary>
/// A statement's bytes as text and back, without loss: they are in the session's character set, and a literal may hold any. What is no
/// UTF-8 becomes lone surrogates, U+DC80 to U+DCFF, as of which UTF-8 has none; so other bytes are another text.
/// </summary>
internal static class MySqlText
{
    /// <summary>Never in a text that was made here: parts of one are told apart by it.</summary>
    public const char Separator = Escape;

    private const char Escape = '\uDC00';
    private const char FirstEscaped = '\uDC80';
    private const char LastEscaped = '\uDCFF';

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

    /// <summary>The bytes of a text that was made here.</summary>
    public static byte[] Bytes(string text)
    {
        if (text.AsSpan().IndexOfAnyInRange(FirstEscaped, LastEscaped) < 0)
            return Encoding.UTF8.GetBytes(text);
        var bytes = new ArrayBufferWriter<byte>(text.Length + 16);
        for (ReadOnlySpan<char> rest = text; !rest.IsEmpty;)
        {
            var isWhole = Rune.DecodeFromUtf16(rest, out var rune, out var count) == OperationStatus.Done;
            if (isWhole)
            {
                bytes.Advance(rune.EncodeToUtf8(bytes.GetSpan(4)));
            }
            else
            {
                bytes.GetSpan(1)[0] = (byte)(rest[0] - Escape);
                bytes.Advance(1);
            }

            rest = rest[count..];
        }

        return bytes.WrittenSpan.ToArray();
    }

    /// <summary>The text without what parts of a context are told apart by; other texts stay others.</summary>
    public static string InContext(string text) => text.AsSpan().IndexOfAny("\0\n\u0001\u0002") < 0
        ? text
        : string.Create(text.Length, text, static (all, from) =>
        {
            for (var at = 0; at < all.Length; at++)
                all[at] = from[at] is '\0' or '\n' or '\u0001' or '\u0002' ? (char)(Escape + 1 + from[at]) : from[at];
        });

    /// <summary>The text for people, and for whatever takes well-formed text only.</summary>
    public static string Shown(string text) =>
        text.AsSpan().IndexOfAnyInRange(FirstEscaped, LastEscaped) < 0 ? text : Encoding.UTF8.GetString(Bytes(text));
}
