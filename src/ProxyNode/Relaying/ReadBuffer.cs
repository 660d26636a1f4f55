using System.Buffers;
using JustRunIt.ProxyNode.Protocols;

namespace JustRunIt.ProxyNode.Relaying;

/// <summary>
/// Bytes that were received and not yet sent on. Grows up to the longest unit that must be read as a whole, and some way when
/// more comes at once than it takes.
/// </summary>
internal sealed class ReadBuffer(int longestUnit) : IDisposable
{
    /// <summary>Bytes that it begins with.</summary>
    public const int FirstSize = 16 * 1024;

    private const int LargestForSpeed = 64 * 1024;

    private byte[] bytes = ArrayPool<byte>.Shared.Rent(FirstSize);
    private int start;
    private int end;
    private bool wasFull;

    /// <summary>Bytes that wait.</summary>
    public int Count => end - start;

    /// <summary>The bytes that wait.</summary>
    public Span<byte> Span => bytes.AsSpan(start, end - start);

    /// <summary>The bytes that wait.</summary>
    public ReadOnlyMemory<byte> Memory => bytes.AsMemory(start, end - start);

    /// <summary>Room to receive into, at least one byte.</summary>
    /// <exception cref="ProtocolException">A unit is longer than the longest allowed.</exception>
    public Memory<byte> Room()
    {
        if (start == end)
        {
            (start, end) = (0, 0);
            if (wasFull && bytes.Length < LargestForSpeed)
                Grow();
        }

        if (end < bytes.Length)
            return bytes.AsMemory(end);
        if (start > 0)
        {
            Span.CopyTo(bytes);
            (start, end) = (0, end - start);
        }
        else if (bytes.Length <= longestUnit)
        {
            Grow();
        }
        else
        {
            throw new ProtocolException($"a unit longer than {longestUnit} bytes");
        }

        return bytes.AsMemory(end);
    }

    /// <summary>Bytes were received into <see cref="Room"/>.</summary>
    public void Received(int count)
    {
        end += count;
        wasFull = end == bytes.Length;
    }

    /// <summary>The first of the bytes are done with.</summary>
    public void Take(int count) => start += count;

    /// <inheritdoc />
    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(bytes);
        bytes = [];
        (start, end) = (0, 0);
    }

    private void Grow()
    {
        var larger = ArrayPool<byte>.Shared.Rent(bytes.Length * 2);
        Span.CopyTo(larger);
        ArrayPool<byte>.Shared.Return(bytes);
        bytes = larger;
    }
}
