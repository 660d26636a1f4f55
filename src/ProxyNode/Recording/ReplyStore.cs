namespace JustRunIt.ProxyNode.Recording;

/// <summary>
/// Bytes of replies, one after another in blocks that are used again. They are let go nearly in the order in which they came, so
/// that blocks become free one by one.
/// </summary>
internal sealed class ReplyStore
{
    private const int BlockLength = 256 * 1024;

    private readonly Stack<Block> free = new();
    private Block? current;

    /// <summary>Keeps a reply.</summary>
    public Place Keep(ReadOnlySpan<byte> reply)
    {
        if (reply.IsEmpty)
            return default;
        // One that would waste much of a block has its own.
        if (reply.Length > BlockLength / 4)
            return Put(new Block(reply.Length), reply);
        if (current is null || current.Bytes.Length - current.Used < reply.Length)
        {
            if (current is { Live: 0 } unused)
                Free(unused);
            current = free.TryPop(out var again) ? again : new Block(BlockLength);
        }

        return Put(current, reply);
    }

    /// <summary>Lets go of a reply.</summary>
    public void LetGo(in Place place)
    {
        if (place.Block is { } block && --block.Live == 0 && block != current)
            Free(block);
    }

    /// <summary>Lets go of all memory. Places from before are not to be given back.</summary>
    public void Clear()
    {
        free.Clear();
        current = null;
    }

    private static Place Put(Block block, ReadOnlySpan<byte> reply)
    {
        var start = block.Used;
        reply.CopyTo(block.Bytes.AsSpan(start));
        block.Used += reply.Length;
        block.Live++;
        return new Place(block, start, reply.Length);
    }

    private void Free(Block block)
    {
        block.Used = 0;
        if (block.Bytes.Length == BlockLength)
            free.Push(block);
    }

    /// <summary>Where a reply stands.</summary>
    internal readonly record struct Place(Block? Block, int Start, int Length)
    {
        /// <summary>Its bytes.</summary>
        public ReadOnlySpan<byte> Bytes => Block is null ? default : Block.Bytes.AsSpan(Start, Length);
    }

    /// <summary>Memory for many replies.</summary>
    internal sealed class Block(int length)
    {
        /// <summary>The memory.</summary>
        public byte[] Bytes { get; } = GC.AllocateUninitializedArray<byte>(length);

        /// <summary>Bytes from the start that are taken.</summary>
        public int Used { get; set; }

        /// <summary>Replies in it.</summary>
        public int Live { get; set; }
    }
}
