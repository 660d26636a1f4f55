using System.Text;

namespace JustRunIt.ProxyNode.Http;

/// <summary>
/// An offer to go on in HTTP/2, which some clients make with the first request of every connection. It is between a client and the next
/// one on the way (RFC 9110 §7.8), and the proxies speak no HTTP/2: so it is not made, and the connection goes on in HTTP/1.1.
/// </summary>
internal static class UpgradeOffer
{
    /// <summary>Writes spaces over the option <c>upgrade</c> of <c>Connection</c>, without which <c>Upgrade</c> means nothing.</summary>
    /// <param name="head">A whole head that is sound.</param>
    public static void TakeOut(Span<byte> head)
    {
        for (var rest = head; rest.IndexOf("\r\n"u8) is > 0 and var end; rest = rest[(end + 2)..])
        {
            var line = rest[..end];
            if (line.IndexOf((byte)':') is not (10 and var colon) || !Ascii.EqualsIgnoreCase(line[..colon], "connection"u8))
                continue;
            var value = line[(colon + 1)..];
            foreach (var range in ((ReadOnlySpan<byte>)value).Split((byte)','))
            {
                if (Ascii.EqualsIgnoreCase(((ReadOnlySpan<byte>)value[range]).Trim(" \t"u8), "upgrade"u8))
                    value[range].Fill((byte)' ');
            }
        }
    }
}
