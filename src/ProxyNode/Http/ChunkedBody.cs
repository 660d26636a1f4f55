using System.Buffers;
using System.Globalization;
using System.Text;

namespace JustRunIt.ProxyNode.Http;

/// <summary>A whole body in chunks whose framing is sound (RFC 9112 §7.1).</summary>
internal static class ChunkedBody
{
    /// <summary>Joins the content.</summary>
    /// <param name="body">From the first chunk's size to the empty line that ends the trailers.</param>
    /// <param name="content">Takes the content.</param>
    /// <returns>Where the trailers begin, or the empty line where there is none.</returns>
    public static int Join(ReadOnlySpan<byte> body, IBufferWriter<byte> content)
    {
        for (var at = 0; ;)
        {
            var lineEnd = body[at..].IndexOf("\r\n"u8);
            var line = body.Slice(at, lineEnd);
            var semicolon = line.IndexOf((byte)';');
            // White space before an extension, and at the end, is taken from old senders (RFC 9112 §7.1.1).
            var digits = (semicolon < 0 ? line : line[..semicolon]).TrimEnd(" \t"u8);
            var size = int.Parse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
            at += lineEnd + 2;
            if (size == 0)
                return at;
            content.Write(body.Slice(at, size));
            at += size + 2;
        }
    }

    /// <summary>A body of one chunk, or none where there is no content.</summary>
    /// <param name="content">The content.</param>
    /// <param name="trailers">Lines with their ends, without the empty line.</param>
    public static byte[] Of(ReadOnlySpan<byte> content, ReadOnlySpan<byte> trailers) => content.IsEmpty
        ? [.. "0\r\n"u8, .. trailers, .. "\r\n"u8]
        : [.. Encoding.ASCII.GetBytes($"{content.Length:x}\r\n"), .. content, .. "\r\n0\r\n"u8, .. trailers, .. "\r\n"u8];
}
