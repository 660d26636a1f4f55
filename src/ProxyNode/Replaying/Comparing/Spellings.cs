using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;

namespace JustRunIt.ProxyNode.Replaying.Comparing;

/// <summary>
/// How a name may be written where a server gives it out and where a client sends it back: percent-encoded, as each encoder does it, in a
/// string of JSON, in a page. Texts are bytes, as Latin-1.
/// </summary>
internal static class Spellings
{
    private const string Unreserved = "-._~";

    // What encoders leave as it is, besides letters and digits: RFC 3986, JavaScript's encodeURIComponent, forms of browsers and of Java,
    // Python's quote, RFC 3986 for a query.
    private static readonly string[] Kept = [Unreserved, "-._~!*'()", "-._*", "-._~/", "-._~!$&'()*+,;=:@/?"];

    private static readonly Func<string, string>[] Writers =
    [
        .. Kept.Select<string, Func<string, string>>(kept => text => Percent(text, kept)),
        text => ToLowerHex(Percent(text, Unreserved)),
        text => Percent(text, "-._*").Replace("%20", "+", StringComparison.Ordinal),
        text => Percent(Percent(text, Unreserved), Unreserved),
        // As it must be; PHP; .NET; Java and Go, which guard against use in a page.
        text => Json(text, escaped: ""),
        text => Json(text, escaped: "").Replace("/", "\\/", StringComparison.Ordinal),
        text => Json(text, escaped: "\"&'+<>`", isUpper: true, isAscii: true),
        text => Json(text, escaped: "<>&"),
        text => Json(text, escaped: "<>&='"),
        text => Json(text, escaped: "", isAscii: true),
    ];

    /// <summary>Whether a text is the same in every spelling.</summary>
    public static bool IsSameInAll(ReadOnlySpan<char> text)
    {
        foreach (var c in text)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('-' or '.' or '_'))
                return false;
        }

        return true;
    }

    /// <summary>A name with its counterpart in every spelling of the name; the first is as it was given out.</summary>
    public static IReadOnlyCollection<KeyValuePair<string, string>> Of(string online, string clone)
    {
        if (IsSameInAll(online))
            return [new(online, clone)];
        var found = new Dictionary<string, string>(StringComparer.Ordinal) { [online] = clone };
        foreach (var read in (Func<string, string>[])[text => text, FromPercent, FromJson, FromHtml])
        {
            var (plain, clonesPlain) = (read(online), read(clone));
            found.TryAdd(plain, clonesPlain);
            foreach (var write in Writers)
                found.TryAdd(write(plain), write(clonesPlain));
        }

        return found;
    }

    /// <summary>A plain text in a spelling.</summary>
    public static string Write(string plain, Spelling spelling) => spelling switch
    {
        Spelling.Percent => Percent(plain, Unreserved),
        Spelling.Json => Json(plain, escaped: ""),
        _ => plain,
    };

    /// <summary>Whether what stands before a place in a text is the end of an escape, and so no part of a word.</summary>
    public static bool EndsEscape(ReadOnlySpan<char> before) =>
        // %2F, and %252F of what was encoded twice.
        (before is [.., var first, var second] && char.IsAsciiHexDigit(first) && char.IsAsciiHexDigit(second)
            && (before[..^2] is [.., '%'] or [.., '%', '2', '5']))
        // \u002F, and \n.
        || (before is [.., '\\', 'u', var one, var two, var three, var four]
            && char.IsAsciiHexDigit(one) && char.IsAsciiHexDigit(two) && char.IsAsciiHexDigit(three) && char.IsAsciiHexDigit(four))
        || before is [.., '\\', 'b' or 'f' or 'n' or 'r' or 't'];

    private static string Percent(string text, string kept)
    {
        var written = new StringBuilder(text.Length + 8);
        foreach (var c in text)
        {
            if (char.IsAsciiLetterOrDigit(c) || kept.Contains(c, StringComparison.Ordinal))
                written.Append(c);
            else
                written.Append('%').Append(((int)c).ToString("X2", CultureInfo.InvariantCulture));
        }

        return written.ToString();
    }

    /// <summary>The digits of percent-encodings in small letters, as some encoders write them.</summary>
    private static string ToLowerHex(string encoded)
    {
        var written = encoded.ToCharArray();
        for (var at = encoded.IndexOf('%', StringComparison.Ordinal); at >= 0; at = encoded.IndexOf('%', at + 1))
        {
            for (var digit = at + 1; digit <= at + 2; digit++)
                written[digit] = char.ToLowerInvariant(written[digit]);
        }

        return new string(written);
    }

    private static string FromPercent(string text)
    {
        var read = new StringBuilder(text.Length);
        for (var at = 0; at < text.Length; at++)
        {
            if (text[at] == '%' && at + 2 < text.Length && char.IsAsciiHexDigit(text[at + 1]) && char.IsAsciiHexDigit(text[at + 2]))
            {
                read.Append((char)int.Parse(text.AsSpan(at + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture));
                at += 2;
            }
            else
            {
                read.Append(text[at]);
            }
        }

        return read.ToString();
    }

    private static string Json(string text, string escaped, bool isUpper = false, bool isAscii = false)
    {
        var written = new StringBuilder(text.Length + 8);
        foreach (var c in isAscii ? Encoding.UTF8.GetString(Encoding.Latin1.GetBytes(text)) : text)
        {
            if (escaped.Contains(c, StringComparison.Ordinal) || c < ' ' || (isAscii && c > '~'))
                written.Append("\\u").Append(((int)c).ToString(isUpper ? "X4" : "x4", CultureInfo.InvariantCulture));
            else if (c is '"' or '\\')
                written.Append('\\').Append(c);
            else
                written.Append(c);
        }

        return written.ToString();
    }

    private static string FromJson(string text)
    {
        if (!text.Contains('\\', StringComparison.Ordinal))
            return text;
        try
        {
            using var read = JsonDocument.Parse(Encoding.Latin1.GetBytes($"\"{text}\""));
            return Latin1(read.RootElement.GetString()!);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // No string of JSON.
            return text;
        }
    }

    private static string FromHtml(string text) => text.Contains('&', StringComparison.Ordinal)
        ? Latin1(WebUtility.HtmlDecode(Encoding.UTF8.GetString(Encoding.Latin1.GetBytes(text))))
        : text;

    private static string Latin1(string text) => Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(text));
}
