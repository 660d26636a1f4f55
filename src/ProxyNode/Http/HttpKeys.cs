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
    private const int UsualHeaders = 32;

    private static readonly SearchValues<byte> IdentifierBytes = SearchValues.Create("0123456789abcdefABCDEF-"u8);

    [ThreadStatic]
    private static ArrayBufferWriter<byte>? joined;

    /// <summary>The hashes of a complete request whose framing is sound, under a service's rules.</summary>
    public static RequestKeys Of(ReadOnlySpan<byte> request, WildcardRules rules) => Of(
        RequestParts.Parse(request, rules.IgnoredHeaders, stackalloc RequestParts.Header[UsualHeaders], joined ??= new(1024)), rules);

    /// <summary>The hashes of a request under a service's rules.</summary>
    public static RequestKeys Of(in RequestParts request, WildcardRules rules)
    {
        var exact = KeyHash.Begin().Part(request.Method).Part(request.Path).Part(request.Query).Part(request.Version);
        exact.Number(request.Headers.Length);
        ReadOnlySpan<byte> boundary = default;
        foreach (ref readonly var header in request.Headers)
            Add(exact, header, request.Value(header), ref boundary);
        var found = AddBody(exact, request.Body, boundary).End();
        return new RequestKeys(found, rules.IsNoneOfHttp ? found : Wildcard(request, rules), Equivalent(request));
    }

    private static UInt128 Wildcard(in RequestParts request, WildcardRules rules)
    {
        // The parts first: what replaces in them may hash as well.
        var path = rules.Paths.Count == 0 ? request.Path : Latin1(WildcardRules.Replace(Latin1(request.Path), rules.Paths));
        var query = rules.QueryParameters.Count == 0 ? request.Query : Latin1(ReplaceFields(Latin1(request.Query), rules.QueryParameters));
        var body = ReplaceBody(request, rules);
        var hash = KeyHash.Begin().Part(request.Method).Part(path).Part(query).Part(request.Version);
        ReadOnlySpan<byte> boundary = default;
        foreach (ref readonly var header in request.Headers)
        {
            if (rules.Headers.Count > 0 && rules.Headers.Contains(Latin1(request.Name(header)).ToLowerInvariant()))
                continue;
            var value = request.Value(header);
            if (header.Name == RequestParts.Cookie && rules.Cookies.Count > 0)
                value = Latin1(ReplaceCookies(Latin1(value), rules.Cookies));
            Add(hash, header, value, ref boundary);
        }

        return AddBody(hash, body, boundary).End();
    }

    /// <summary>Adds a header. A boundary, which its sender draws anew each time, is no part of it.</summary>
    private static void Add(in KeyHash hash, in RequestParts.Header header, ReadOnlySpan<byte> value, ref ReadOnlySpan<byte> boundary)
    {
        hash.Number(header.Name);
        var drawn = header.Name == RequestParts.ContentType ? MultipartBoundary.Find(value) : default;
        if (drawn.Equals(default))
        {
            hash.Part(value);
            return;
        }

        boundary = value[drawn];
        hash.Part(value[..drawn.Start]).Part(value[drawn.End..]);
    }

    /// <summary>Adds the content, without the boundary between its parts.</summary>
    private static KeyHash AddBody(KeyHash hash, ReadOnlySpan<byte> body, ReadOnlySpan<byte> boundary)
    {
        while (!boundary.IsEmpty && MultipartBoundary.Next(body, boundary) is >= 0 and var at)
        {
            hash.Part(body[..at]);
            body = body[(at + boundary.Length)..];
        }

        return hash.Part(body);
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
            if (header.Name == RequestParts.ContentType)
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
