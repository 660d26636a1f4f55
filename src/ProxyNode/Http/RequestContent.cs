using System.Text;
using JustRunIt.ProxyNode.Protocols;
using JustRunIt.ProxyNode.Replaying.Comparing;

namespace JustRunIt.ProxyNode.Http;

/// <summary>Content of a request, of HTTP or AJP13, in the clone's names.</summary>
internal static class RequestContent
{
    /// <summary>Most bytes that compressed content may become to be searched.</summary>
    private const int LongestDecoded = 1024 * 1024;

    /// <summary>Most bytes of content that is searched.</summary>
    private const int Longest = 256 * 1024 * 1024;

    /// <summary>Headers that would be wrong of another content (RFC 1864, RFC 3230, RFC 9530, signatures of Amazon's interfaces).</summary>
    private static readonly string[] Digests = ["content-md5", "digest", "content-digest", "repr-digest", "x-amz-content-sha256"];

    /// <summary>Replaces every declared name.</summary>
    /// <param name="content">The whole content, chunks joined.</param>
    /// <param name="coding">Value of <c>Content-Encoding</c>; empty without.</param>
    /// <param name="type">Value of <c>Content-Type</c>; empty without.</param>
    /// <param name="headers">Names of the request's headers.</param>
    /// <param name="identities">What is known.</param>
    /// <returns>The same bytes where there is nothing to replace.</returns>
    /// <exception cref="ProtocolException">Nobody can tell whether there is, or the request holds a digest of what it was.</exception>
    public static ReadOnlyMemory<byte> Replace(
        ReadOnlyMemory<byte> content, string coding, string type, IEnumerable<string> headers, Identities identities)
    {
        if (content.IsEmpty || !identities.HasDeclared)
            return content;
        var plain = ContentCoding.IsPlain(coding) ? content
            : ContentCoding.Decode(coding, content, LongestDecoded)
                ?? throw new ProtocolException(
                    $"content in Content-Encoding '{coding}' is not searched for names; allowed: gzip, deflate, br, "
                        + $"up to {LongestDecoded} bytes");
        if (plain.Length > Longest)
            throw new ProtocolException($"content of {plain.Length} bytes is not searched for names; allowed: {Longest}");
        var text = Encoding.Latin1.GetString(plain.Span);
        var replaced = identities.Replace(text, SpellingOf(type));
        if (replaced == text)
            return content;
        if (headers.FirstOrDefault(name => Digests.Contains(name, StringComparer.OrdinalIgnoreCase)) is { } digest)
            throw new ProtocolException($"the content has another digest in the clone's names, and the request has a header '{digest}'");
        var bytes = Encoding.Latin1.GetBytes(replaced);
        return ContentCoding.IsPlain(coding) ? bytes : ContentCoding.Encode(coding, bytes, content.Span);
    }

    private static Spelling SpellingOf(string type) =>
        type.StartsWith("application/x-www-form-urlencoded", StringComparison.OrdinalIgnoreCase) ? Spelling.Percent
            : type.Contains("json", StringComparison.OrdinalIgnoreCase) ? Spelling.Json
            : Spelling.Plain;
}
