using System.Buffers;
using System.Text;
using JustRunIt.ProxyNode.Sql;

namespace JustRunIt.ProxyNode.MySql;

/// <summary>
/// A statement's text (<see cref="LosslessText"/>) back as bytes, in a session's context, and for people.
/// </summary>
internal static class MySqlText
{
    /// <summary>Never in a text that was made here: parts of one are told apart by it.</summary>
    public const char Separator = LosslessText.Escape;

    private const char FirstEscaped = '\uDC80';
    private const char LastEscaped = '\uDCFF';

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
                bytes.GetSpan(1)[0] = (byte)(rest[0] - LosslessText.Escape);
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
                all[at] = from[at] is '\0' or '\n' or '\u0001' or '\u0002' ? (char)(LosslessText.Escape + 1 + from[at]) : from[at];
        });

    /// <summary>The text for people, and for whatever takes well-formed text only.</summary>
    public static string Shown(string text) =>
        text.AsSpan().IndexOfAnyInRange(FirstEscaped, LastEscaped) < 0 ? text : Encoding.UTF8.GetString(Bytes(text));
}
