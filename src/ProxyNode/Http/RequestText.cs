using System.Text;

namespace JustRunIt.ProxyNode.Http;

/// <summary>A whole request, taken apart for matching.</summary>
/// <param name="Method">Its method.</param>
/// <param name="Path">The target up to the question mark.</param>
/// <param name="Query">The target after it; empty without.</param>
/// <param name="Headers">Headers that can select a reply, in lower case and sorted.</param>
/// <param name="Body">Its content, chunks joined; bytes as Latin-1.</param>
internal sealed record RequestText(
    string Method,
    string Path,
    string Query,
    IReadOnlyList<KeyValuePair<string, string>> Headers,
    string Body)
{
    // The others say how the message travels, or who sends it, and differ between original and clone (Host, Connection, …).
    private static readonly HashSet<string> Selecting =
    [
        "accept", "accept-encoding", "accept-language", "authorization", "content-encoding", "content-type", "cookie", "if-match",
        "if-modified-since", "if-none-match", "if-range", "if-unmodified-since", "range",
    ];

    /// <summary>Takes apart a complete request whose framing is sound.</summary>
    public static RequestText Parse(ReadOnlySpan<byte> request)
    {
        var headEnd = request.IndexOf("\r\n\r\n"u8);
        var lines = Encoding.Latin1.GetString(request[..headEnd]).Split("\r\n");
        var start = lines[0].Split(' ');
        var target = start[1];
        var question = target.IndexOf('?');
        var headers = new List<KeyValuePair<string, string>>();
        var chunked = false;
        foreach (var line in lines.Skip(1))
        {
            var colon = line.IndexOf(':');
            var name = line[..colon].ToLowerInvariant();
            chunked |= name == "transfer-encoding";
            headers.Add(new(name, line[(colon + 1)..].Trim()));
        }

        var body = request[(headEnd + 4)..];
        return Of(
            start[0],
            question < 0 ? target : target[..question],
            question < 0 ? "" : target[(question + 1)..],
            headers,
            Encoding.Latin1.GetString(chunked ? Join(body) : body));
    }

    /// <summary>A request from its parts; header names in lower case.</summary>
    public static RequestText Of(string method, string path, string query, IEnumerable<KeyValuePair<string, string>> headers, string body)
    {
        var selecting = headers.Where(header => Selecting.Contains(header.Key)).ToList();
        selecting.Sort((a, b) => string.CompareOrdinal(a.Key, b.Key) is not 0 and var order ? order : string.CompareOrdinal(a.Value, b.Value));
        return new RequestText(method, path, query, selecting, body);
    }

    /// <summary>The content of a chunked body whose framing is sound (RFC 9112 §7.1).</summary>
    private static byte[] Join(ReadOnlySpan<byte> body)
    {
        var joined = new MemoryStream();
        while (true)
        {
            var lineEnd = body.IndexOf("\r\n"u8);
            var line = body[..lineEnd];
            var semicolon = line.IndexOf((byte)';');
            var size = int.Parse(semicolon < 0 ? line : line[..semicolon], System.Globalization.NumberStyles.AllowHexSpecifier, null);
            if (size == 0)
                return joined.ToArray();
            joined.Write(body.Slice(lineEnd + 2, size));
            body = body[(lineEnd + 2 + size + 2)..];
        }
    }
}
