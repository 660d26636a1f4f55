using System.Buffers;
using JustRunIt.ProxyNode.Replaying.Budget;

namespace JustRunIt.ProxyNode.Replaying.Exchanges;

/// <summary>
/// The bytes of a request that its duplicate is made of, as far as there is memory. Whoever has it sees to it that one thread at a
/// time changes it.
/// </summary>
/// <param name="budget">Where they are counted.</param>
internal struct RequestCopy(MemoryBudget budget)
{
    private byte[] buffer = [];
    private int length;

    /// <summary>The bytes; none once they were given back.</summary>
    public readonly ReadOnlyMemory<byte> Bytes => buffer.AsMemory(0, length);

    /// <summary>Whether bytes can be added without more memory.</summary>
    public readonly bool HasRoomFor(int count) => (long)length + count <= buffer.Length;

    /// <summary>Takes more memory for bytes that are added next; false when there is none.</summary>
    public bool TryGrow(int count)
    {
        var needed = (long)length + count;
        if (needed > Array.MaxLength)
            return false;
        var larger = ArrayPool<byte>.Shared.Rent((int)(length == 0 ? needed : Math.Min(needed * 2, Array.MaxLength)));
        if (!budget.TryHold(larger.Length))
        {
            ArrayPool<byte>.Shared.Return(larger);
            return false;
        }

        buffer.AsSpan(0, length).CopyTo(larger);
        GiveBuffer();
        buffer = larger;
        return true;
    }

    /// <summary>Adds bytes; there is room.</summary>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(buffer.AsSpan(length));
        length += bytes.Length;
    }

    /// <summary>Gives the bytes back.</summary>
    public void Release()
    {
        GiveBuffer();
        (buffer, length) = ([], 0);
    }

    private readonly void GiveBuffer()
    {
        if (buffer.Length == 0)
            return;
        budget.LetGo(buffer.Length);
        ArrayPool<byte>.Shared.Return(buffer);
    }
}
