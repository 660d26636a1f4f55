using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace JustRunIt.Events.Messaging;

/// <summary>
/// Name-based identifiers (UUID version 5, RFC 9562 §5.5): a decision handled twice names the same things twice.
/// </summary>
public static class DeterministicId
{
    /// <summary>The identifier of <paramref name="name"/> within <paramref name="scope"/>.</summary>
    public static Guid From(Guid scope, string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        var nameBytes = Encoding.UTF8.GetBytes(name);
        var input = new byte[16 + nameBytes.Length];
        scope.TryWriteBytes(input, bigEndian: true, out _);
        nameBytes.CopyTo(input, 16);
        Span<byte> hash = stackalloc byte[20];
#pragma warning disable CA5350 // RFC 9562 prescribes SHA-1 for version 5; nothing here is a secret.
        SHA1.HashData(input, hash);
#pragma warning restore CA5350
        hash[6] = (byte)((hash[6] & 0x0F) | 0x50);
        hash[8] = (byte)((hash[8] & 0x3F) | 0x80);
        return new Guid(hash[..16], bigEndian: true);
    }

    /// <summary>A seed for random choices that follow from <paramref name="scope"/>, to be recorded with the decision.</summary>
    public static ulong Seed(Guid scope)
    {
        Span<byte> bytes = stackalloc byte[16];
        scope.TryWriteBytes(bytes);
        return BinaryPrimitives.ReadUInt64LittleEndian(bytes) ^ BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]);
    }
}
