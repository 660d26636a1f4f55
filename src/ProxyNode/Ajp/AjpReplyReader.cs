using System.Text;
using JustRunIt.ProxyNode.Http;
using JustRunIt.ProxyNode.Recording;

namespace JustRunIt.ProxyNode.Ajp;

/// <summary>The content of a container's reply, and the cookies that it sets. Gets one packet at a time.</summary>
internal sealed class AjpReplyReader(ServiceRules rules) : PageReader(rules)
{
    private const int SetCookieCode = 0xA007;

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
        var isCookie = code == SetCookieCode;
        if (code < 0xA000)
            isCookie = Encoding.Latin1.GetString(reader.Take(code + 1)[..^1]).Equals("set-cookie", StringComparison.OrdinalIgnoreCase);
        var value = reader.Text() ?? "";
        if (isCookie)
            Issue(value.Split(';')[0] is var pair && pair.IndexOf('=') is >= 0 and var equals ? pair[(equals + 1)..].Trim('"') : "");
    }
}
