using JustRunIt.ProxyNode.Replaying.Comparing;
using JustRunIt.ProxyNode.Sessions;

namespace JustRunIt.ProxyNode.Http;

/// <summary>Where sessions are named in a request: cookies (RFC 6265 §4.2) and <c>;jsessionid=</c> in paths (Servlet 6.0 §7.1.3).</summary>
internal static class SessionNames
{
    private const string PathParameter = ";jsessionid=";

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

    /// <summary>The value of a <c>Cookie</c> header, in the clone's names.</summary>
    public static string ReplaceCookies(string cookies, Identities identities) => string.Join("; ", cookies
        .Split(';', StringSplitOptions.TrimEntries)
        .Select(cookie => cookie.IndexOf('=') is > 0 and var equals && identities.OfClone(cookie[(equals + 1)..].Trim('"')) is { } clone
            ? $"{cookie[..equals]}={clone}"
            : cookie));

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
