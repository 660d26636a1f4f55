using System.Text;
using JustRunIt.Hosting.Secrets;

namespace JustRunIt.ProxyNode.Http;

/// <summary>What of a request people may read.</summary>
internal static class HttpExcerpt
{
    /// <summary>Bytes of a request that are looked at.</summary>
    public const int Looked = 4096;

    private const int Longest = 200;

    /// <summary>The beginning of an HTTP request. Of a body in chunks nothing: what belongs together may lie apart in it.</summary>
    public static string Of(ReadOnlySpan<byte> request, Redaction redaction)
    {
        var looked = request[..Math.Min(request.Length, Looked)];
        var text = Encoding.Latin1.GetString(looked);
        var headEnd = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        if (headEnd >= 0 && text.IndexOf("\r\ntransfer-encoding:", 0, headEnd, StringComparison.OrdinalIgnoreCase) >= 0)
            return Shown(redaction, text[..headEnd], isWhole: true);
        return Shown(redaction, text, isWhole: looked.Length == request.Length);
    }

    /// <summary>A text without what nobody must read, short and on one line.</summary>
    /// <param name="redaction">What is taken out.</param>
    /// <param name="text">The text.</param>
    /// <param name="isWhole">Whether it was not cut off before.</param>
    public static string Shown(Redaction redaction, string text, bool isWhole) =>
        string.Concat(redaction.Excerpt(text, isWhole, Longest).Select(c => c is >= ' ' and < '\x7F' ? c : ' ')).Trim();
}
