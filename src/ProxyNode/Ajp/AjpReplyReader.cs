using System.Text;
using JustRunIt.ProxyNode.Http;
using JustRunIt.ProxyNode.Recording;

namespace JustRunIt.ProxyNode.Ajp;

/// <summary>The content of a container's reply, the cookies that it sets, and its headers. Gets one packet at a time.</summary>
internal sealed class AjpReplyReader(ServiceRules rules) : PageReader(rules)
{
    private const int Codes = 0xA000;
    private const int SetCookieCode = 0xA007;

    private static readonly string[] Names =
    [
        "Content-Type", "Content-Language", "Content-Length", "Date", "Last-Modified", "Location", "Set-Cookie", "Set-Cookie2",
        "Servlet-Engine", "Status", "WWW-Authenticate",
    ];

    public override void Append(ReadOnlySpan<byte> bytes, int headLength)
    {
        var reader = new AjpReader(bytes[AjpPacket.HeaderLength..]);
        switch (reader.Byte())
        {
            case AjpPacket.SendBodyChunk:
                AppendPage(reader.Take(reader.Integer()));
                break;
            case AjpPacket.SendHeaders:
                reader.Integer();
                reader.Text();
                for (var left = reader.Integer(); left > 0; left--)
                    ReadHeader(ref reader);
                break;
        }
    }

    private void ReadHeader(ref AjpReader reader)
    {
        var code = reader.Integer();
        var name = code < Codes ? Encoding.Latin1.GetString(reader.Take(code + 1)[..^1])
            : code > Codes && code <= Codes + Names.Length ? Names[code - Codes - 1] : "";
        var value = reader.Text() ?? "";
        if (code == SetCookieCode || name.Equals("set-cookie", StringComparison.OrdinalIgnoreCase))
            Issue(value.Split(';')[0] is var pair && pair.IndexOf('=') is >= 0 and var equals ? pair[(equals + 1)..].Trim('"') : "");
        else if (name.Equals("location", StringComparison.OrdinalIgnoreCase))
            ReadLocation(Encoding.Latin1.GetBytes(value));
        if (KeepsText)
            AppendHeader(name, value);
    }
}
