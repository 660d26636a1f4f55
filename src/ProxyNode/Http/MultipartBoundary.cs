using System.Text;

namespace JustRunIt.ProxyNode.Http;

/// <summary>
/// What separates the parts of a multipart content (RFC 2046 §5.1.1): drawn by whoever sends it, for each message anew, and no more than
/// framing, like the sizes of chunks.
/// </summary>
internal static class MultipartBoundary
{
    /// <summary>Finds it in the value of <c>Content-Type</c>; empty where there is none.</summary>
    public static Range Find(ReadOnlySpan<byte> contentType)
    {
        if (contentType.Length < 10 || !Ascii.EqualsIgnoreCase(contentType[..10], "multipart/"u8))
            return default;
        for (var at = contentType.IndexOf((byte)';'); at >= 0;)
        {
            var from = at + 1;
            while (from < contentType.Length && contentType[from] is (byte)' ' or (byte)'\t')
                from++;
            var length = contentType[from..].IndexOf((byte)';') is >= 0 and var next ? next : contentType.Length - from;
            var parameter = contentType.Slice(from, length);
            if (parameter.Length > 9 && Ascii.EqualsIgnoreCase(parameter[..9], "boundary="u8))
            {
                var value = parameter[9..].TrimEnd(" \t"u8);
                return value is [(byte)'"', .., (byte)'"']
                    ? (from + 10)..(from + 10 + value.Length - 2)
                    : (from + 9)..(from + 9 + value.Length);
            }

            at = from + length < contentType.Length ? from + length : -1;
        }

        return default;
    }

    /// <summary>The next of its places in a content, behind the two hyphens; negative where there is none.</summary>
    /// <param name="content">The content.</param>
    /// <param name="boundary">The boundary; not empty.</param>
    public static int Next(ReadOnlySpan<byte> content, ReadOnlySpan<byte> boundary)
    {
        for (var from = 0; content[from..].IndexOf(boundary) is >= 0 and var found; from += found + 1)
        {
            var at = from + found;
            // At the start of a line, or of the content.
            if (at >= 2 && content[at - 1] == '-' && content[at - 2] == '-' && (at == 2 || content[at - 3] == '\n'))
                return at;
        }

        return -1;
    }
}
