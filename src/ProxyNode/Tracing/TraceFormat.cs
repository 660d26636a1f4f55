using System.Buffers.Binary;
using System.IO.Hashing;
using System.Text;
using JustRunIt.ProxyNode.Replaying.Comparing;

namespace JustRunIt.ProxyNode.Tracing;

/// <summary>
/// The trace file, version 3. All numbers little-endian; text as UTF-8 after its length (7 bits a byte). The file begins with
/// <see cref="Magic"/>, the version (4 bytes), the protocol's name, the UTC time of the recording's start (ticks of 100 ns,
/// 8 bytes) and the rules that were applied to replies (<see cref="TraceRules"/>; from version 3 on). Frames follow, one an exchange,
/// in the order in which the exchanges ended: length of the payload (4 bytes), its XXH32 (4 bytes), the payload. A file that breaks off
/// is good up to its last whole frame.
/// </summary>
internal static class TraceFormat
{
    /// <summary>Version that is written.</summary>
    public const int Version = 3;

    /// <summary>Oldest version that is read: without the rules, and of replies only what the rules had made of them.</summary>
    public const int OldestVersion = 2;

    /// <summary>Bytes before a payload.</summary>
    public const int FrameHead = 8;

    /// <summary>Longest payload that is taken for one.</summary>
    public const int LongestPayload = 1 << 30;

    private const int ErrorFlag = 1;
    private const int OneWayFlag = 2;

    /// <summary>The file's first bytes.</summary>
    public static ReadOnlySpan<byte> Magic => "JRITRACE"u8;

    /// <summary>Writes the head of a file.</summary>
    /// <param name="writer">Of the file.</param>
    /// <param name="protocol">What is spoken.</param>
    /// <param name="startedAt">When the recording begins.</param>
    /// <param name="rules">What is applied to replies; null: nothing.</param>
    public static void WriteHead(BinaryWriter writer, string protocol, DateTimeOffset startedAt, TraceRules? rules = null)
    {
        writer.Write(Magic);
        writer.Write(Version);
        writer.Write(protocol);
        writer.Write(startedAt.UtcTicks);
        (rules ?? TraceRules.None).Write(writer);
    }

    /// <summary>Writes a payload, the request last.</summary>
    public static void WriteExchange(BinaryWriter writer, TraceEntry entry, ReadOnlySpan<byte> request)
    {
        writer.Write(entry.Connection);
        writer.Write(entry.Arrival.Ticks);
        writer.Write(entry.ResponseTime.Ticks);
        writer.Write(entry.Status);
        writer.Write((byte)((entry.IsError ? ErrorFlag : 0) | (entry.IsOneWay ? OneWayFlag : 0)));
        writer.Write(entry.ReplyLength);
        writer.Write(entry.ReplyHash);
        writer.Write(entry.PlainReplyLength);
        writer.Write(entry.PlainReplyHash);
        writer.Write(entry.Issued.Count);
        foreach (var name in entry.Issued)
        {
            writer.Write(name.Name);
            writer.Write(name.IsDeclared);
        }

        writer.Write(request.Length);
        writer.Write(request);
    }

    /// <summary>Reads a payload up to the request, which is the rest.</summary>
    /// <param name="reader">Of the payload.</param>
    /// <param name="version">Of the file.</param>
    /// <param name="requestLength">Bytes of the request.</param>
    public static TraceEntry ReadExchange(BinaryReader reader, int version, out int requestLength)
    {
        var (connection, arrival, responseTime) = (reader.ReadInt64(), reader.ReadInt64(), reader.ReadInt64());
        var status = reader.ReadInt32();
        var (flags, replyLength, replyHash) = (reader.ReadByte(), reader.ReadInt64(), reader.ReadUInt64());
        var (plainLength, plainHash) = version == OldestVersion ? (replyLength, replyHash) : (reader.ReadInt64(), reader.ReadUInt64());
        var issued = new IssuedName[reader.ReadInt32()];
        for (var i = 0; i < issued.Length; i++)
            issued[i] = new IssuedName(reader.ReadString(), reader.ReadBoolean());
        requestLength = reader.ReadInt32();
        return new TraceEntry
        {
            Connection = connection,
            Arrival = new TimeSpan(arrival),
            ResponseTime = new TimeSpan(responseTime),
            Status = status,
            IsError = (flags & ErrorFlag) != 0,
            IsOneWay = (flags & OneWayFlag) != 0,
            ReplyLength = replyLength,
            ReplyHash = replyHash,
            PlainReplyLength = plainLength,
            PlainReplyHash = plainHash,
            Issued = issued,
        };
    }

    /// <summary>A reader or writer of this format's text.</summary>
    public static Encoding Text { get; } = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Fills in the head of a frame whose payload follows it.</summary>
    public static void Seal(Span<byte> frame)
    {
        BinaryPrimitives.WriteInt32LittleEndian(frame, frame.Length - FrameHead);
        BinaryPrimitives.WriteUInt32LittleEndian(frame[4..], XxHash32.HashToUInt32(frame[FrameHead..]));
    }
}
