using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using JustRunIt.ProxyNode.Recording;

namespace JustRunIt.ProxyNode.Http;

/// <summary>What HTTP requests, and those that AJP13 carries, are found by.</summary>
internal static partial class HttpKeys
{
    private const string Any = "*";

    /// <summary>The hashes of a request under a service's rules.</summary>
    public static RequestKeys Of(RequestText request, WildcardRules rules)
    {
        var exact = RequestKeys.Hash(request.Method, request.Path, request.Query, Join(request.Headers), request.Body);
        var wildcard = RequestKeys.Hash(
            request.Method,
            WildcardRules.Replace(request.Path, rules.Paths),
            ReplaceFields(request.Query, rules.QueryParameters),
            Join(request.Headers.Where(header => !rules.Headers.Contains(header.Key)).Select(header => ReplaceCookies(header, rules.Cookies))),
            RequestKeys.Replace(ReplaceBody(request, rules), rules.ByteRanges));
        return new RequestKeys(exact, wildcard, RequestKeys.Hash(request.Method, Identifiers().Replace(request.Path, Any)));
    }

    /// <summary>Numbers, and words of hexadecimal digits with at least one digit among them.</summary>
    [GeneratedRegex("(?<=/)(?=[^/]*[0-9])[0-9a-fA-F-]+(?=/|$)", RegexOptions.CultureInvariant)]
    private static partial Regex Identifiers();

    private static string Join(IEnumerable<KeyValuePair<string, string>> headers) =>
        string.Join('\n', headers.Select(header => $"{header.Key}:{header.Value}"));

    private static KeyValuePair<string, string> ReplaceCookies(KeyValuePair<string, string> header, IReadOnlySet<string> names) =>
        names.Count == 0 || header.Key != "cookie"
            ? header
            : new(header.Key, string.Join("; ", header.Value.Split(';', StringSplitOptions.TrimEntries).Select(cookie =>
                cookie.IndexOf('=') is > 0 and var equals && names.Contains(cookie[..equals]) ? $"{cookie[..equals]}={Any}" : cookie)));

    private static string ReplaceBody(RequestText request, WildcardRules rules)
    {
        var type = request.Headers.FirstOrDefault(header => header.Key == "content-type").Value ?? "";
        if (rules.FormFields.Count > 0 && type.StartsWith("application/x-www-form-urlencoded", StringComparison.OrdinalIgnoreCase))
            return ReplaceFields(request.Body, rules.FormFields);
        if (rules.JsonFields.Count == 0 || !type.Contains("json", StringComparison.OrdinalIgnoreCase))
            return request.Body;
        try
        {
            var root = JsonNode.Parse(Encoding.Latin1.GetBytes(request.Body));
            ReplaceJson(root, rules.JsonFields);
            return root?.ToJsonString() ?? request.Body;
        }
        catch (JsonException)
        {
            // Not what it says it is: compared as it is.
            return request.Body;
        }
    }

    private static string ReplaceFields(string encoded, IReadOnlySet<string> names) => names.Count == 0
        ? encoded
        : string.Join('&', encoded.Split('&').Select(field =>
            field.IndexOf('=') is >= 0 and var equals && names.Contains(Uri.UnescapeDataString(field[..equals]))
                ? $"{field[..equals]}={Any}"
                : field));

    private static void ReplaceJson(JsonNode? node, IReadOnlySet<string> names)
    {
        switch (node)
        {
            case JsonObject o:
                foreach (var name in o.Select(property => property.Key).ToList())
                {
                    if (names.Contains(name))
                        o[name] = Any;
                    else
                        ReplaceJson(o[name], names);
                }

                break;
            case JsonArray items:
                foreach (var item in items)
                    ReplaceJson(item, names);
                break;
        }
    }
}
