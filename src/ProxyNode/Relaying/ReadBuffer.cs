using System.Buffers;
using JustRunIt.ProxyNode.Protocols;

namespace JustRunIt.ProxyNode.Relaying;

/// <summary>Bytes that were received and not yet sent on. Grows up to the longest unit that must be read as a whole.</summary>
internal sealed class ReadBuffer(int longestUnit) : IDisposable
{
    private const int FirstSize = 16 * 1024;

    private byte[] bytes = ArrayPool<byte>.Shared.Rent(FirstSize);
    private int start;
    private int end;

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
            (start, end) = (0, 0);
        if (end < bytes.Length)
            return bytes.AsMemory(end);
        if (start > 0)
        {
            Span.CopyTo(bytes);
            (start, end) = (0, end - start);
        }
        else if (bytes.Length <= longestUnit)
        {
            var larger = ArrayPool<byte>.Shared.Rent(bytes.Length * 2);
            Span.CopyTo(larger);
            ArrayPool<byte>.Shared.Return(bytes);
            bytes = larger;
        }
        else
        {
            throw new ProtocolException($"a unit longer than {longestUnit} bytes");
        }

        return bytes.AsMemory(end);
    }

    /// <summary>Bytes were received into <see cref="Room"/>.</summary>
    public void Received(int count) => end += count;

    /// <summary>The first of the bytes are done with.</summary>
    public void Take(int count) => start += count;

    /// <inheritdoc />
    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(bytes);
        bytes = [];
        (start, end) = (0, 0);
    }
}
