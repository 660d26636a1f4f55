using System.IO.Compression;

namespace JustRunIt.ProxyNode.Http;

/// <summary>Content codings (RFC 9110 §8.4.1): what a page is in before it is compressed.</summary>
internal static class ContentCoding
{
    /// <summary>The content in plain.</summary>
    /// <param name="coding">Value of <c>Content-Encoding</c>.</param>
    /// <param name="coded">The whole content.</param>
    /// <param name="most">Most bytes that it may become.</param>
    /// <returns>Null where the coding is not known, the content is not in it or breaks off, or it would become too long.</returns>
    public static byte[]? Decode(string coding, ReadOnlyMemory<byte> coded, int most) => coding.ToLowerInvariant() switch
    {
        "gzip" or "x-gzip" => Read(coded, most, static from => new GZipStream(from, CompressionMode.Decompress)),
        "br" => Read(coded, most, static from => new BrotliStream(from, CompressionMode.Decompress)),
        // Some servers leave the zlib header out, and clients take both.
        "deflate" => Read(coded, most, static from => new ZLibStream(from, CompressionMode.Decompress))
            ?? Read(coded, most, static from => new DeflateStream(from, CompressionMode.Decompress)),
        _ => null,
    };

    private static byte[]? Read(ReadOnlyMemory<byte> coded, int most, Func<Stream, Stream> open)
    {
        using var plain = new MemoryStream();
        try
        {
            using var from = open(new MemoryStream(coded.ToArray(), writable: false));
            var buffer = new byte[16 * 1024];
            while (from.Read(buffer) is > 0 and var count)
            {
                if (plain.Length + count > most)
                    return null;
                plain.Write(buffer, 0, count);
            }
        }
        catch (Exception e) when (e is InvalidDataException or InvalidOperationException or IOException)
        {
            return null;
        }

        return plain.Length > 0 ? plain.ToArray() : null;
    }
}
