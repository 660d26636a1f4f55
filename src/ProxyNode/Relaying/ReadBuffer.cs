using System.Buffers;
using JustRunIt.ProxyNode.Protocols;
using JustRunIt.ProxyNode.Sockets;

namespace JustRunIt.ProxyNode.Relaying;

/// <summary>
/// Bytes that were received and not yet sent on. It has memory only while bytes are there, or come: little for a few that wait for the
/// rest of their unit. Grows up to the longest unit that must be read as a whole, and some way when more comes at once than it takes.
/// </summary>
internal sealed class ReadBuffer(int longestUnit) : IReceiveBuffer, IDisposable
{
    /// <summary>Bytes that are received at once at first.</summary>
    public const int FirstSize = 16 * 1024;

    /// <summary>Bytes of a unit that waits for its rest which are kept in so small a place.</summary>
    private const int FewBytes = 1024;

    private const int LargestForSpeed = 64 * 1024;

    private byte[] bytes = [];
    private int start;
    private int end;
    private int size = FirstSize;

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
        // Too small to receive at once what may come: it kept a few bytes, or nothing.
        if (bytes.Length < (start == end ? size : FirstSize))
            MoveTo(size);
        if (end < bytes.Length)
            return bytes.AsMemory(end);
        if (start > 0)
            MoveTo(bytes.Length);
        else if (bytes.Length <= longestUnit)
            MoveTo(bytes.Length * 2);
        else
            throw new ProtocolException($"a unit longer than {longestUnit} bytes");
        return bytes.AsMemory(end);
    }

    /// <inheritdoc />
    public void Rest()
    {
        if (start == end)
            Dispose();
        else if (Count <= FewBytes && bytes.Length > FewBytes)
            MoveTo(FewBytes);
    }

    /// <summary>Bytes were received into <see cref="Room"/>.</summary>
    public void Received(int count)
    {
        end += count;
        if (end == bytes.Length && size < LargestForSpeed)
            size *= 2;
    }

    /// <summary>The first of the bytes are done with.</summary>
    public void Take(int count) => start += count;

    /// <inheritdoc />
    public void Dispose()
    {
        if (bytes.Length > 0)
            ArrayPool<byte>.Shared.Return(bytes);
        bytes = [];
        (start, end) = (0, 0);
    }

    private void MoveTo(int length)
    {
        var other = bytes.Length == length ? bytes : ArrayPool<byte>.Shared.Rent(length);
        Span.CopyTo(other);
        if (other != bytes && bytes.Length > 0)
            ArrayPool<byte>.Shared.Return(bytes);
        (bytes, start, end) = (other, 0, Count);
    }
}
