using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using JustRunIt.ProxyNode.Recording;

namespace JustRunIt.ProxyNode.Http;

/// <summary>What HTTP requests, and those that AJP13 carries, are found by.</summary>
internal static class HttpKeys
{
    private const string Any = "*";
    private const int UsualHeaders = 16;

    private static readonly SearchValues<byte> IdentifierBytes = SearchValues.Create("0123456789abcdefABCDEF-"u8);

    [ThreadStatic]
    private static ArrayBufferWriter<byte>? joined;

    /// <summary>The hashes of a complete request whose framing is sound, under a service's rules.</summary>
    public static RequestKeys Of(ReadOnlySpan<byte> request, WildcardRules rules) =>
        Of(RequestParts.Parse(request, stackalloc RequestParts.Header[UsualHeaders], joined ??= new(1024)), rules);

    /// <summary>The hashes of a request under a service's rules.</summary>
    public static RequestKeys Of(in RequestParts request, WildcardRules rules)
    {
        var exact = KeyHash.Begin().Part(request.Method).Part(request.Path).Part(request.Query);
        foreach (ref readonly var header in request.Headers)
            exact.Number(header.Name).Part(request.Value(header));
        var found = exact.Part(request.Body).End();
        return new RequestKeys(found, rules.IsNoneOfHttp ? found : Wildcard(request, rules), Equivalent(request));
    }

    private static UInt128 Wildcard(in RequestParts request, WildcardRules rules)
    {
        // The parts first: what replaces in them may hash as well.
        var path = rules.Paths.Count == 0 ? request.Path : Latin1(WildcardRules.Replace(Latin1(request.Path), rules.Paths));
        var query = rules.QueryParameters.Count == 0 ? request.Query : Latin1(ReplaceFields(Latin1(request.Query), rules.QueryParameters));
        var body = ReplaceBody(request, rules);
        var hash = KeyHash.Begin().Part(request.Method).Part(path).Part(query);
        foreach (ref readonly var header in request.Headers)
        {
            var name = RequestParts.Name(header);
            if (rules.Headers.Contains(name))
                continue;
            var value = request.Value(header);
            hash.Number(header.Name).Part(
                name == "cookie" && rules.Cookies.Count > 0 ? Latin1(ReplaceCookies(Latin1(value), rules.Cookies)) : value);
        }

        return hash.Part(body).End();
    }

    /// <summary>
    /// The method, and the path without its identifiers: segments that are numbers, or hexadecimal with a digit among them.
    /// </summary>
    private static UInt128 Equivalent(in RequestParts request)
    {
        var hash = KeyHash.Begin().Part(request.Method);
        var rest = request.Path;
        // What comes before the first slash is no segment.
        var isSegment = false;
        while (true)
        {
            var slash = rest.IndexOf((byte)'/');
            var segment = slash < 0 ? rest : rest[..slash];
            hash.Part(isSegment && IsIdentifier(segment) ? "*"u8 : segment);
            if (slash < 0)
                return hash.End();
            rest = rest[(slash + 1)..];
            isSegment = true;
        }
    }

    private static bool IsIdentifier(ReadOnlySpan<byte> segment) =>
        segment.ContainsAnyInRange((byte)'0', (byte)'9') && !segment.ContainsAnyExcept(IdentifierBytes);

    private static string Latin1(ReadOnlySpan<byte> bytes) => Encoding.Latin1.GetString(bytes);

    private static byte[] Latin1(string text) => Encoding.Latin1.GetBytes(text);

    private static string ReplaceCookies(string value, IReadOnlySet<string> names) =>
        string.Join("; ", value.Split(';', StringSplitOptions.TrimEntries).Select(cookie =>
            cookie.IndexOf('=') is > 0 and var equals && names.Contains(cookie[..equals]) ? $"{cookie[..equals]}={Any}" : cookie));

    private static ReadOnlySpan<byte> ReplaceBody(in RequestParts request, WildcardRules rules)
    {
        if (rules.FormFields.Count == 0 && rules.JsonFields.Count == 0 && rules.ByteRanges.Count == 0)
            return request.Body;
        var body = Latin1(request.Body);
        var type = "";
        foreach (ref readonly var header in request.Headers)
        {
            if (RequestParts.Name(header) == "content-type")
                type = Latin1(request.Value(header));
        }

        if (rules.FormFields.Count > 0 && type.StartsWith("application/x-www-form-urlencoded", StringComparison.OrdinalIgnoreCase))
            body = ReplaceFields(body, rules.FormFields);
        else if (rules.JsonFields.Count > 0 && type.Contains("json", StringComparison.OrdinalIgnoreCase))
            body = ReplaceJson(body, rules.JsonFields);
        return Latin1(RequestKeys.Replace(body, rules.ByteRanges));
    }

    private static string ReplaceFields(string encoded, IReadOnlySet<string> names) => names.Count == 0
        ? encoded
        : string.Join('&', encoded.Split('&').Select(field =>
            field.IndexOf('=') is >= 0 and var equals && names.Contains(Uri.UnescapeDataString(field[..equals]))
                ? $"{field[..equals]}={Any}"
                : field));

    private static string ReplaceJson(string body, IReadOnlySet<string> names)
    {
        try
        {
            var root = JsonNode.Parse(Encoding.Latin1.GetBytes(body));
            ReplaceJson(root, names);
            return root?.ToJsonString() ?? body;
        }
        catch (JsonException)
        {
            // Not what it says it is: compared as it is.
            return body;
        }
    }

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
