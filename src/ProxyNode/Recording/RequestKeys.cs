using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace JustRunIt.ProxyNode.Recording;

/// <summary>
/// Three hashes of a request, from strict to lax: as it is, with its non-deterministic fields as wildcards, and as its kind
/// of request alone (method and path with identifiers left out).
/// </summary>
internal readonly partial record struct RequestKeys(UInt128 Exact, UInt128 Wildcard, UInt128 Equivalent)
{
    private const string Any = "*";

    /// <summary>The hashes of a request under a service's rules.</summary>
    public static RequestKeys Of(RequestText request, WildcardRules rules) => new(
        Hash(request.Method, request.Path, request.Query, Join(request.Headers), request.Body),
        Hash(
            request.Method,
            rules.Paths.Aggregate(request.Path, (path, pattern) => pattern.Replace(path, Any)),
            ReplaceFields(request.Query, rules.QueryParameters),
            Join(request.Headers.Where(header => !rules.Headers.Contains(header.Key))),
            ReplaceBody(request, rules)),
        Hash(request.Method, Identifiers().Replace(request.Path, Any), "", "", ""));

    /// <summary>Numbers, and words of hexadecimal digits with at least one digit among them.</summary>
    [GeneratedRegex("(?<=/)(?=[^/]*[0-9])[0-9a-fA-F-]+(?=/|$)", RegexOptions.CultureInvariant)]
    private static partial Regex Identifiers();

    private static string Join(IEnumerable<KeyValuePair<string, string>> headers) =>
        string.Join('\n', headers.Select(header => $"{header.Key}:{header.Value}"));

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
                ? field[..(equals + 1)] + Any
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

    private static UInt128 Hash(params ReadOnlySpan<string> parts)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> length = stackalloc byte[4];
        foreach (var part in parts)
        {
            // Lengths between the parts: what ends one can not be taken for the start of the next.
            BitConverter.TryWriteBytes(length, part.Length);
            hash.AppendData(length);
            hash.AppendData(Encoding.UTF8.GetBytes(part));
        }

        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        hash.GetHashAndReset(digest);
        return new UInt128(BitConverter.ToUInt64(digest), BitConverter.ToUInt64(digest[8..]));
    }
}
