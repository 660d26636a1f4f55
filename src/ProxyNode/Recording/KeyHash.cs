using System.IO.Hashing;
using System.Runtime.InteropServices;

namespace JustRunIt.ProxyNode.Recording;

/// <summary>
/// Hashes a message part by part, without an allocation. Not cryptographic: a service that could find a collision would deceive
/// only its own record.
/// </summary>
internal readonly ref struct KeyHash
{
    [ThreadStatic]
    private static XxHash128? ofThread;

    private readonly XxHash128 hash;

    private KeyHash(XxHash128 hash) => this.hash = hash;

    /// <summary>Begins. A thread hashes one message at a time.</summary>
    public static KeyHash Begin()
    {
        var hash = ofThread ??= new XxHash128();
        hash.Reset();
        return new KeyHash(hash);
    }

    /// <summary>Adds a part. What ends one can not be taken for the start of the next.</summary>
    public KeyHash Part(ReadOnlySpan<byte> part)
    {
        Number(part.Length);
        hash.Append(part);
        return this;
    }

    /// <summary>Adds a part.</summary>
    public KeyHash Part(ReadOnlySpan<char> part) => Part(MemoryMarshal.AsBytes(part));

    /// <summary>Adds a number.</summary>
    public KeyHash Number(int number)
    {
        hash.Append(MemoryMarshal.AsBytes(new ReadOnlySpan<int>(in number)));
        return this;
    }

    /// <summary>Adds a number.</summary>
    public KeyHash Number(ulong number)
    {
        hash.Append(MemoryMarshal.AsBytes(new ReadOnlySpan<ulong>(in number)));
        return this;
    }

    /// <summary>Adds bytes as they are: who uses it sees to where they end.</summary>
    public KeyHash Bytes(ReadOnlySpan<byte> bytes)
    {
        hash.Append(bytes);
        return this;
    }

    /// <summary>The hash.</summary>
    public UInt128 End() => hash.GetCurrentHashAsUInt128();
}
