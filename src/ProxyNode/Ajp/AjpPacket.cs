using System.Buffers.Binary;
using JustRunIt.ProxyNode.Protocols;

namespace JustRunIt.ProxyNode.Ajp;

/// <summary>Framing and codes of AJP13 (tomcat.apache.org, "The Apache Tomcat Connectors – AJP Protocol Reference").</summary>
internal static class AjpPacket
{
    /// <summary>Magic and length.</summary>
    public const int HeaderLength = 4;

    /// <summary>Longest packet, header included: the length is of 16 bits.</summary>
    public const int LongestPacket = HeaderLength + ushort.MaxValue;

    /// <summary>Most data in a packet of a request's body: 8 KiB less header and length.</summary>
    public const int LongestBodyChunk = 8186;

    /// <summary>Web server to container: a request.</summary>
    public const byte ForwardRequest = 2;

    /// <summary>Web server to container: end.</summary>
    public const byte Shutdown = 7;

    /// <summary>Web server to container: a probe.</summary>
    public const byte CPing = 10;

    /// <summary>Container to web server: content of the reply.</summary>
    public const byte SendBodyChunk = 3;

    /// <summary>Container to web server: status and headers.</summary>
    public const byte SendHeaders = 4;

    /// <summary>Container to web server: the reply ends.</summary>
    public const byte EndResponse = 5;

    /// <summary>Container to web server: more of the request's body is wanted.</summary>
    public const byte GetBodyChunk = 6;

    /// <summary>Container to web server: the answer to a probe.</summary>
    public const byte CPong = 9;

    /// <summary>Web server to container: nothing is left of the request's body.</summary>
    public static ReadOnlyMemory<byte> BodyEnd { get; } = new byte[] { 0x12, 0x34, 0, 0 };

    /// <summary>The length of the packet that begins here, header included; 0 when it is not complete.</summary>
    /// <exception cref="ProtocolException">The magic is wrong.</exception>
    public static int LengthOf(ReadOnlySpan<byte> bytes, bool fromContainer)
    {
        var magic = fromContainer ? "AB"u8 : [0x12, 0x34];
        if (!magic.StartsWith(bytes[..Math.Min(2, bytes.Length)]))
            throw new ProtocolException("no AJP13 packet: the magic is wrong");
        if (bytes.Length < HeaderLength)
            return 0;
        var length = HeaderLength + BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]);
        return bytes.Length < length ? 0 : length;
    }
}
