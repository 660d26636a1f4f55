using JustRunIt.ProxyNode.Replaying.Comparing;
using JustRunIt.ProxyNode.Sessions;

namespace JustRunIt.ProxyNode.Http;

/// <summary>Where sessions are named in a request: cookies (RFC 6265 §4.2) and <c>;jsessionid=</c> in paths (Servlet 6.0 §7.1.3).</summary>
internal static class SessionNames
{
    private const string PathParameter = ";jsessionid=";
    private const string BetweenWords = " \t,;=\"";
    private static readonly char[] Around = [' ', '\t', '"'];

    /// <summary>Shortest value of a cookie that is taken for the same thing in another header: no number or flag is so long.</summary>
    private const int ShortestWord = 16;

    /// <summary>A request target, in the clone's names.</summary>
    public static string ReplacePath(string target, Identities identities)
    {
        var at = target.IndexOf(PathParameter, StringComparison.OrdinalIgnoreCase);
        if (at < 0)
            return target;
        var from = at + PathParameter.Length;
        var to = target.AsSpan(from).IndexOfAny("?;/ #") is >= 0 and var length ? from + length : target.Length;
        return identities.OfClone(target[from..to]) is { } clone ? target[..from] + clone + target[to..] : target;
    }

    /// <summary>The value of a <c>Cookie</c> header, in the clone's names; what names nothing stays as it was sent.</summary>
    public static string ReplaceCookies(string cookies, Identities identities)
    {
        for (var at = 0; at < cookies.Length;)
        {
            var end = cookies.IndexOf(';', at) is >= 0 and var semicolon ? semicolon : cookies.Length;
            if (cookies.IndexOf('=', at, end - at) is >= 0 and var equals)
            {
                // Quotes are the sender's (RFC 6265 §4.1.1), and are kept.
                var value = cookies[(equals + 1)..end].Trim(Around);
                var from = cookies.IndexOf(value, equals + 1, StringComparison.Ordinal);
                if (value.Length > 0 && identities.OfClone(value) is { } clone)
                {
                    cookies = cookies[..from] + clone + cookies[(from + value.Length)..];
                    end += clone.Length - value.Length;
                }
            }

            at = end + 1;
        }

        return cookies;
    }

    /// <summary>A request's header, in the clone's names: sessions where they are named, and declared names wherever they are.</summary>
    /// <param name="name">Its name, in lower case.</param>
    /// <param name="value">Its value.</param>
    /// <param name="identities">What is known.</param>
    /// <param name="hasDeclared">Whether there are rules that declare names.</param>
    public static string ReplaceHeader(string name, string value, Identities identities, bool hasDeclared)
    {
        var replaced = name switch
        {
            "cookie" => ReplaceCookies(value, identities),
            "referer" => ReplacePath(value, identities),
            _ => ReplaceWords(value, identities),
        };
        return hasDeclared ? identities.Replace(replaced, name == "referer" ? Spelling.Percent : Spelling.Plain) : replaced;
    }

    /// <summary>Scripts send a cookie's value again in a header of its own, decoded, or after a word such as Bearer.</summary>
    private static string ReplaceWords(string value, Identities identities)
    {
        if (value.Length < ShortestWord)
            return value;
        if (identities.OfClone(value) is { } whole)
            return whole;
        if (identities.OfClone(Uri.EscapeDataString(value)) is { } encoded)
            return Uri.UnescapeDataString(encoded);
        for (var at = 0; at < value.Length;)
        {
            var length = value.AsSpan(at).IndexOfAny(BetweenWords) is >= 0 and var separator ? separator : value.Length - at;
            var clone = length < ShortestWord ? null : identities.OfClone(value.Substring(at, length));
            if (clone is not null)
                value = value[..at] + clone + value[(at + length)..];
            at += (clone?.Length ?? length) + 1;
        }

        return value;
    }

    /// <summary>The names in a request: values of the cookies that count, then that in the path.</summary>
    /// <param name="target">The request's target, or the line that holds it.</param>
    /// <param name="cookies">Values of its <c>Cookie</c> headers.</param>
    /// <param name="rules">Which cookies count.</param>
    public static IReadOnlyList<string> Find(string target, IEnumerable<string> cookies, SessionRules rules)
    {
        var names = new List<string>();
        foreach (var cookie in cookies.SelectMany(header => header.Split(';', StringSplitOptions.TrimEntries)))
        {
            if (cookie.IndexOf('=') is > 0 and var equals && (rules.By == SessionKind.Identity || rules.Cookies.Contains(cookie[..equals])))
                names.Add(cookie[(equals + 1)..].Trim('"'));
        }

        if (target.IndexOf(PathParameter, StringComparison.OrdinalIgnoreCase) is >= 0 and var at)
        {
            var from = at + PathParameter.Length;
            names.Add(target[from..(target.AsSpan(from).IndexOfAny("?;/ #") is >= 0 and var length ? from + length : target.Length)]);
        }

        return names;
    }
}
