using System.IO.Compression;

namespace JustRunIt.ProxyNode.Http;

/// <summary>Content codings (RFC 9110 §8.4.1): what a page is in before it is compressed.</summary>
internal static class ContentCoding
{
    /// <summary>The compression method in a zlib header (RFC 1950 §2.2), in the lower half of its first byte.</summary>
    private const int Deflate = 8;

    /// <summary>Whether content is as it is: there is no coding, or only <c>identity</c>.</summary>
    /// <param name="coding">Value of <c>Content-Encoding</c>; empty without.</param>
    public static bool IsPlain(string coding) => Name(coding).Length == 0;

    /// <summary>The content in plain.</summary>
    /// <param name="coding">Value of <c>Content-Encoding</c>.</param>
    /// <param name="coded">The whole content.</param>
    /// <param name="most">Most bytes that it may become.</param>
    /// <returns>Null where the coding is not known, the content is not in it or breaks off, or it would become too long.</returns>
    public static byte[]? Decode(string coding, ReadOnlyMemory<byte> coded, int most) => Name(coding) switch
    {
        "gzip" or "x-gzip" => Read(coded, most, static from => new GZipStream(from, CompressionMode.Decompress)),
        "br" => Read(coded, most, static from => new BrotliStream(from, CompressionMode.Decompress)),
        // Some servers leave the zlib header out, and clients take both.
        "deflate" => Read(coded, most, static from => new ZLibStream(from, CompressionMode.Decompress))
            ?? Read(coded, most, static from => new DeflateStream(from, CompressionMode.Decompress)),
        _ => null,
    };

    /// <summary>Other content in the same coding.</summary>
    /// <param name="coding">Value of <c>Content-Encoding</c>; one that <see cref="Decode"/> knows.</param>
    /// <param name="plain">The content in plain.</param>
    /// <param name="before">What it takes the place of.</param>
    public static byte[] Encode(string coding, ReadOnlySpan<byte> plain, ReadOnlySpan<byte> before)
    {
        using var coded = new MemoryStream();
        using (Stream to = Name(coding) switch
        {
            "gzip" or "x-gzip" => new GZipStream(coded, CompressionLevel.Fastest, leaveOpen: true),
            "br" => new BrotliStream(coded, CompressionLevel.Fastest, leaveOpen: true),
            _ when HasZlibHeader(before) => new ZLibStream(coded, CompressionLevel.Fastest, leaveOpen: true),
            _ => new DeflateStream(coded, CompressionLevel.Fastest, leaveOpen: true),
        })
            to.Write(plain);
        return coded.ToArray();
    }

    /// <summary>RFC 1950 §2.2: the method, and both bytes as a number a multiple of 31.</summary>
    private static bool HasZlibHeader(ReadOnlySpan<byte> coded) =>
        coded.Length >= 2 && (coded[0] & 0x0F) == Deflate && ((coded[0] << 8) | coded[1]) % 31 == 0;

    /// <summary>The one coding that a list names, besides <c>identity</c>; the list itself where it names several.</summary>
    private static string Name(string coding)
    {
        var names = coding.ToLowerInvariant().Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .Where(name => name != "identity").ToList();
        return names.Count == 1 ? names[0] : string.Join(',', names);
    }

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
