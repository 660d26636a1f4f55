using System.Text;

namespace JustRunIt.ProxyNode.Http;

/// <summary>Gathers from the header lines what delimits a message (RFC 9112 §6, §9).</summary>
internal ref struct HeaderFacts(bool request)
{
    private const int LongestLength = 18;

    private readonly bool request = request;
    private long? contentLength;
    private bool chunked;
    private bool close;
    private bool keepAlive;
    private bool upgrade;
    private bool offersHttp2;
    private bool offersOther;
    private bool expects;

    /// <summary>Adds one header line, without its CRLF.</summary>
    public void Add(ReadOnlySpan<byte> line)
    {
        var colon = line.IndexOf((byte)':');
        if (colon <= 0)
            throw new HttpSyntaxException("a header line without a name");
        var name = line[..colon];
        foreach (var c in name)
        {
            // Also refuses folded lines and spaces before the colon (RFC 9112 §5.1, §5.2).
            if (!HeadParser.IsToken(c))
                throw new HttpSyntaxException("malformed header name");
        }

        var value = line[(colon + 1)..].Trim(" \t"u8);
        if (value.Contains((byte)0))
            throw new HttpSyntaxException("a NUL in a header");
        switch (name.Length)
        {
            case 6 when Ascii.EqualsIgnoreCase(name, "Expect"u8):
                expects |= Ascii.EqualsIgnoreCase(value, "100-continue"u8);
                break;
            case 7 when Ascii.EqualsIgnoreCase(name, "Upgrade"u8):
                AddUpgrade(value);
                break;
            case 10 when Ascii.EqualsIgnoreCase(name, "Connection"u8):
                AddConnection(value);
                break;
            case 14 when Ascii.EqualsIgnoreCase(name, "Content-Length"u8):
                AddContentLength(value);
                break;
            case 17 when Ascii.EqualsIgnoreCase(name, "Transfer-Encoding"u8):
                AddTransferCoding(value);
                break;
        }
    }

    /// <summary>The head, complete.</summary>
    public readonly MessageHead Complete(MessageHead head, int minorVersion)
    {
        if (chunked && (contentLength is not null || minorVersion == 0))
            throw new HttpSyntaxException("a length and a transfer coding contradict each other");
        return head with
        {
            Body = chunked ? BodyKind.Chunked
                : contentLength is { } length ? (length == 0 ? BodyKind.None : BodyKind.Length)
                : head.Body,
            ContentLength = contentLength ?? 0,
            KeepAlive = minorVersion == 0 ? keepAlive && !close : !close,
            MaySwitchProtocol = head.MaySwitchProtocol || (request && upgrade && offersOther),
            OffersHttp2 = request && upgrade && offersHttp2 && !offersOther,
            ExpectsContinue = request && expects && minorVersion == 1,
        };
    }

    private void AddConnection(ReadOnlySpan<byte> value)
    {
        foreach (var range in value.Split((byte)','))
        {
            var option = value[range].Trim(" \t"u8);
            close |= Ascii.EqualsIgnoreCase(option, "close"u8);
            keepAlive |= Ascii.EqualsIgnoreCase(option, "keep-alive"u8);
            upgrade |= Ascii.EqualsIgnoreCase(option, "upgrade"u8);
        }
    }

    private void AddUpgrade(ReadOnlySpan<byte> value)
    {
        foreach (var range in value.Split((byte)','))
        {
            var protocol = value[range].Trim(" \t"u8);
            if (Ascii.EqualsIgnoreCase(protocol, "h2c"u8) || Ascii.EqualsIgnoreCase(protocol, "h2"u8))
                offersHttp2 = true;
            else
                offersOther |= !protocol.IsEmpty;
        }
    }

    /// <summary>
    /// Of a reply the last coding delimits it, and those before it are like codings of the content (RFC 9112 §6.1, §6.3); in a request,
    /// which others read after us, they are refused.
    /// </summary>
    private void AddTransferCoding(ReadOnlySpan<byte> value)
    {
        if (!request && value.LastIndexOf((byte)',') is >= 0 and var comma)
        {
            foreach (var range in value[..comma].Split((byte)','))
            {
                if (Ascii.EqualsIgnoreCase(value[range].Trim(" \t"u8), "chunked"u8))
                    throw new HttpSyntaxException("a transfer coding after 'chunked'");
            }

            value = value[(comma + 1)..].TrimStart(" \t"u8);
        }

        if (chunked || !Ascii.EqualsIgnoreCase(value, "chunked"u8))
            throw new HttpSyntaxException("a transfer coding other than one 'chunked'");
        chunked = true;
    }

    private void AddContentLength(ReadOnlySpan<byte> value)
    {
        // A server may repeat a length, in a line of its own or in a list, as long as it is the same (RFC 9110 §8.6).
        if (!request && value.IndexOf((byte)',') is >= 0 and var comma)
        {
            AddContentLength(value[..comma].TrimEnd(" \t"u8));
            AddContentLength(value[(comma + 1)..].TrimStart(" \t"u8));
            return;
        }

        if (value.IsEmpty || value.Length > LongestLength || value.ContainsAnyExceptInRange((byte)'0', (byte)'9'))
            throw new HttpSyntaxException("a content length that is no number");
        long length = 0;
        foreach (var digit in value)
            length = (length * 10) + (digit - '0');
        if (contentLength is not null && (request || contentLength != length))
            throw new HttpSyntaxException("more than one content length");
        contentLength = length;
    }
}
