using System.Buffers.Binary;
using System.Text;
using JustRunIt.ProxyNode.Protocols;

namespace JustRunIt.ProxyNode.Ajp;

/// <summary>Reads the fields of one packet.</summary>
internal ref struct AjpReader(ReadOnlySpan<byte> payload)
{
    private readonly ReadOnlySpan<byte> payload = payload;

    /// <summary>Bytes read.</summary>
    public int Position { get; private set; }

    /// <summary>One byte.</summary>
    public byte Byte() => Take(1)[0];

    /// <summary>A 16-bit integer.</summary>
    public int Integer() => BinaryPrimitives.ReadUInt16BigEndian(Take(2));

    /// <summary>A string with its terminator; null where the length says so.</summary>
    public string? Text()
    {
        var length = Integer();
        if (length == 0xFFFF)
            return null;
        var text = Encoding.Latin1.GetString(Take(length));
        if (Byte() != 0)
            throw new ProtocolException("an AJP13 string without its terminator");
        return text;
    }

    /// <summary>A number of bytes.</summary>
    public ReadOnlySpan<byte> Take(int count)
    {
        if (payload.Length - Position < count)
            throw new ProtocolException("an AJP13 packet that ends too early");
        Position += count;
        return payload.Slice(Position - count, count);
    }
}
