using System.Buffers.Binary;
using System.Text;
using JustRunIt.ProxyNode.Http;
using JustRunIt.ProxyNode.Protocols;
using JustRunIt.ProxyNode.Recording;

namespace JustRunIt.ProxyNode.Ajp;

/// <summary>A forward request: what a web server asks of a container.</summary>
internal sealed class AjpRequest
{
    private const int HeaderCodes = 0xA000;
    private const byte RemoteUser = 3;
    private const byte AuthType = 4;
    private const byte QueryString = 5;
    private const byte SslCertificate = 7;
    private const byte RequestAttribute = 10;
    private const byte SslKeySize = 11;
    private const byte StoredMethod = 13;
    private const byte AttributesEnd = 0xFF;
    private const byte OtherMethod = 0xFF;

    private static readonly string[] Methods =
    [
        "OPTIONS", "GET", "HEAD", "POST", "PUT", "DELETE", "TRACE", "PROPFIND", "PROPPATCH", "MKCOL", "COPY", "MOVE", "LOCK",
        "UNLOCK", "ACL", "REPORT", "VERSION-CONTROL", "CHECKIN", "CHECKOUT", "UNCHECKOUT", "SEARCH", "MKWORKSPACE", "UPDATE",
        "LABEL", "MERGE", "BASELINE-CONTROL", "MKACTIVITY",
    ];

    private static readonly string[] CodedNames =
    [
        "accept", "accept-charset", "accept-encoding", "accept-language", "authorization", "connection", "content-type",
        "content-length", "cookie", "cookie2", "host", "pragma", "referer", "user-agent",
    ];

    private readonly List<KeyValuePair<string, string>> headers = [];
    // What else a web server tells of a request: the host's name (host), whether it came by TLS (is_ssl), who asks (remote_user, auth_type,
    // ssl_cert), and attributes, names in lower case. Addresses and ports are left out.
    private readonly List<KeyValuePair<string, string>> attributes = [];

    /// <summary>Method, in capitals.</summary>
    public string Method { get; private set; } = "";

    /// <summary>The target up to the question mark.</summary>
    public string Path { get; private set; } = "";

    /// <summary>The target after it; empty without.</summary>
    public string Query { get; private set; } = "";

    /// <summary>Headers, names in lower case.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Headers => headers;

    /// <summary>In which coding the body is; empty where it is in none.</summary>
    public string ContentCoding =>
        string.Join(", ", headers.Where(header => header.Key == "content-encoding").Select(header => header.Value));

    /// <summary>Of what type the body is; empty where nothing says so.</summary>
    public string ContentType => headers.Find(header => header.Key == "content-type").Value ?? "";

    /// <summary>Length of the body; 0 without, null when it comes in chunks.</summary>
    public long? ContentLength { get; private set; } = 0;

    /// <summary>Reads a whole packet.</summary>
    /// <exception cref="ProtocolException">It is no forward request.</exception>
    public static AjpRequest Parse(ReadOnlySpan<byte> packet) => Walk(packet, null, out _);

    /// <summary>The same packet with some of its texts replaced.</summary>
    /// <param name="packet">A whole packet.</param>
    /// <param name="replace">
    /// Gets the kind of text (<c>:path</c>, <c>:query</c>, <c>:attribute</c>, or a header's name) and the text.
    /// </param>
    public static byte[] Rewrite(ReadOnlySpan<byte> packet, Func<string, string, string> replace)
    {
        Walk(packet, replace, out var rewritten);
        return rewritten;
    }

    /// <summary>The hashes of the request, as HTTP would put it, under a service's rules.</summary>
    /// <param name="body">Its content.</param>
    /// <param name="rules">The service's.</param>
    public RequestKeys Keys(ReadOnlySpan<byte> body, WildcardRules rules) => HttpKeys.Of(
        RequestParts.Of(
            Encoding.Latin1.GetBytes(Method),
            Encoding.Latin1.GetBytes(Path),
            Encoding.Latin1.GetBytes(Query),
            [.. headers, .. attributes],
            rules.IgnoredHeaders,
            body),
        rules);

    private static AjpRequest Walk(ReadOnlySpan<byte> packet, Func<string, string, string>? replace, out byte[] rewritten)
    {
        var request = new AjpRequest();
        var reader = new AjpReader(packet[AjpPacket.HeaderLength..]);
        var output = new MemoryStream(packet.Length + 64);
        output.Write(packet[..AjpPacket.HeaderLength]);
        if (Copy(reader.Byte()) != AjpPacket.ForwardRequest)
            throw new ProtocolException("no AJP13 forward request");
        var method = Copy(reader.Byte());
        request.Method = method is > 0 && method <= Methods.Length ? Methods[method - 1]
            : method == OtherMethod ? "" : throw new ProtocolException($"AJP13 method {method} is unknown");
        CopyText(reader.Text());
        request.Path = CopyText(reader.Text(), ":path") ?? throw new ProtocolException("an AJP13 request without a target");
        // The client's address and name.
        CopyText(reader.Text());
        CopyText(reader.Text());
        request.AddAttribute("host", CopyText(reader.Text()));
        CopyInteger(reader.Integer());
        request.AddAttribute("is_ssl", Copy(reader.Byte()) == 0 ? null : "true");
        var count = CopyInteger(reader.Integer());
        for (var i = 0; i < count; i++)
        {
            var name = HeaderName(ref reader);
            request.AddHeader(name, CopyText(reader.Text(), name) ?? "");
        }

        for (var code = Copy(reader.Byte()); code != AttributesEnd; code = Copy(reader.Byte()))
        {
            switch (code)
            {
                case RemoteUser:
                    request.AddAttribute("remote_user", CopyText(reader.Text(), ":attribute"));
                    break;
                case AuthType:
                    request.AddAttribute("auth_type", CopyText(reader.Text()));
                    break;
                case QueryString:
                    request.Query = CopyText(reader.Text(), ":query") ?? "";
                    break;
                case SslCertificate:
                    request.AddAttribute("ssl_cert", CopyText(reader.Text()));
                    break;
                case RequestAttribute:
                    var attribute = CopyText(reader.Text()) ?? "";
                    request.AddAttribute(attribute.ToLowerInvariant(), CopyText(reader.Text(), ":attribute"));
                    break;
                case SslKeySize:
                    CopyInteger(reader.Integer());
                    break;
                case StoredMethod:
                    request.Method = CopyText(reader.Text()) ?? "";
                    break;
                default:
                    CopyText(reader.Text());
                    break;
            }
        }

        rewritten = output.ToArray();
        if (rewritten.Length > AjpPacket.LongestPacket)
            throw new ProtocolException("an AJP13 request that is too long in the clone's names");
        BinaryPrimitives.WriteUInt16BigEndian(rewritten.AsSpan(2), (ushort)(rewritten.Length - AjpPacket.HeaderLength));
        return request;

        byte Copy(byte value)
        {
            output.WriteByte(value);
            return value;
        }

        int CopyInteger(int value)
        {
            output.WriteByte((byte)(value >> 8));
            output.WriteByte((byte)value);
            return value;
        }

        string? CopyText(string? text, string? kind = null)
        {
            var replaced = text is null || kind is null || replace is null ? text : replace(kind, text);
            CopyInteger(replaced?.Length ?? 0xFFFF);
            if (replaced is not null)
            {
                output.Write(Encoding.Latin1.GetBytes(replaced));
                output.WriteByte(0);
            }

            return text;
        }

        string HeaderName(ref AjpReader from)
        {
            var code = from.Integer();
            CopyInteger(code);
            if (code >= HeaderCodes)
                return code - HeaderCodes is > 0 and var index && index <= CodedNames.Length
                    ? CodedNames[index - 1]
                    : throw new ProtocolException($"AJP13 header {code:X4} is unknown");
            var name = from.Take(code + 1);
            output.Write(name);
            return Encoding.Latin1.GetString(name[..^1]).ToLowerInvariant();
        }
    }

    private void AddAttribute(string name, string? value)
    {
        if (value is not null)
            attributes.Add(new(name, value));
    }

    private void AddHeader(string name, string value)
    {
        headers.Add(new(name, value));
        if (name == "content-length" && long.TryParse(value, out var length))
            ContentLength = length;
        else if (name == "transfer-encoding" && value.Contains("chunked", StringComparison.OrdinalIgnoreCase))
            ContentLength = null;
    }
}
