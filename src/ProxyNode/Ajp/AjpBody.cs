using System.Buffers;
using System.Buffers.Binary;

namespace JustRunIt.ProxyNode.Ajp;

/// <summary>The packets of a request's body, as far as they were sent.</summary>
internal readonly struct AjpBody
{
    private readonly ArrayBufferWriter<byte> content;

    /// <summary>Most bytes of content in one of its packets, or in any that a container takes unless it is told otherwise.</summary>
    private readonly int most;

    /// <summary>Reads whole packets.</summary>
    public AjpBody(ReadOnlySpan<byte> packets)
    {
        content = new ArrayBufferWriter<byte>(Math.Max(1, packets.Length));
        most = AjpPacket.LongestBodyChunk;
        for (var isFirst = true; !packets.IsEmpty; isFirst = false)
        {
            var length = AjpPacket.LengthOf(packets, fromContainer: false);
            var data = packets[AjpPacket.HeaderLength..length];
            data = data.Length > 2 ? data.Slice(2, Math.Min(BinaryPrimitives.ReadUInt16BigEndian(data), data.Length - 2)) : default;
            content.Write(data);
            if (isFirst)
                First = data.Length;
            IsEnded = data.IsEmpty;
            most = Math.Max(most, data.Length);
            packets = packets[length..];
        }
    }

    /// <summary>Content of all packets.</summary>
    public ReadOnlyMemory<byte> Content => content.WrittenMemory;

    /// <summary>Bytes of content in the first.</summary>
    public int First { get; }

    /// <summary>The last is an empty one, which says that no more comes.</summary>
    public bool IsEnded { get; }

    /// <summary>Whether the container has read all of it.</summary>
    /// <param name="announced">Its length as the request says it; null where it does not.</param>
    public bool IsWhole(long? announced) => announced is { } length ? content.WrittenCount >= length : IsEnded;

    /// <summary>Packets of the same kind with another content.</summary>
    public byte[] With(ReadOnlySpan<byte> other)
    {
        var packets = new ArrayBufferWriter<byte>(other.Length + 64);
        for (; !other.IsEmpty; other = other[Math.Min(most, other.Length)..])
        {
            var data = other[..Math.Min(most, other.Length)];
            var header = packets.GetSpan(AjpPacket.HeaderLength + 2);
            header[0] = 0x12;
            header[1] = 0x34;
            BinaryPrimitives.WriteUInt16BigEndian(header[2..], (ushort)(data.Length + 2));
            BinaryPrimitives.WriteUInt16BigEndian(header[4..], (ushort)data.Length);
            packets.Advance(AjpPacket.HeaderLength + 2);
            packets.Write(data);
        }

        if (IsEnded)
            packets.Write(AjpPacket.BodyEnd.Span);
        return packets.WrittenSpan.ToArray();
    }
}
