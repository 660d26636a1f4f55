namespace JustRunIt.Events.Sealing;

/// <summary>
/// A tree with all its nodes, for proofs: twice as many hashes as it has leaves. It is read while it grows; proofs are of any size that
/// it has had.
/// </summary>
public sealed class WholeTree
{
    /// <summary>By height, from the leaves: the roots of all whole parts of 2^height leaves.</summary>
    private readonly List<List<byte[]>> levels = [[]];

    /// <summary>Number of its leaves.</summary>
    public long Size => levels[0].Count;

    /// <summary>Adds a leaf.</summary>
    /// <param name="data">What it holds.</param>
    public void Add(ReadOnlySpan<byte> data)
    {
        levels[0].Add(MerkleTree.LeafHash(data));
        for (var height = 0; levels[height].Count % 2 == 0; height++)
        {
            if (levels.Count == height + 1)
                levels.Add([]);
            levels[height + 1].Add(MerkleTree.NodeHash(levels[height][^2], levels[height][^1]));
        }
    }

    /// <summary>The root that it had with so many leaves.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It has fewer.</exception>
    public byte[] Root(long size)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(size);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(size, Size);
        return size == 0 ? MerkleTree.EmptyRoot.ToArray() : Hash(0, size);
    }

    /// <summary>The proof that a leaf is in the tree of a size (RFC 6962 §2.1.1).</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> Inclusion(long leaf, long size)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(leaf);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(size, Size);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(leaf, size);
        var proof = new List<ReadOnlyMemory<byte>>();
        var (from, to) = (0L, size);
        while (to - from > 1)
        {
            var middle = from + LargestPart(to - from);
            if (leaf < middle)
            {
                proof.Add(Hash(middle, to));
                to = middle;
            }
            else
            {
                proof.Add(Hash(from, middle));
                from = middle;
            }
        }

        proof.Reverse();
        return proof;
    }

    /// <summary>The proof that the tree of a size continues the one of an earlier size (RFC 6962 §2.1.2).</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> Consistency(long before, long size)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(before);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(size, Size);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(before, size);
        var proof = new List<ReadOnlyMemory<byte>>();
        if (before == 0 || before == size)
            return proof;
        var (from, to, isWhole) = (0L, size, true);
        while (before != to)
        {
            var middle = from + LargestPart(to - from);
            if (before <= middle)
            {
                proof.Add(Hash(middle, to));
                to = middle;
            }
            else
            {
                proof.Add(Hash(from, middle));
                (from, isWhole) = (middle, false);
            }
        }

        // Where the earlier tree is this part, its root is known.
        if (!isWhole)
            proof.Add(Hash(from, to));
        proof.Reverse();
        return proof;
    }

    /// <summary>The root of the leaves from one to before another: a part as the tree has them.</summary>
    private byte[] Hash(long from, long to)
    {
        var length = to - from;
        if (long.IsPow2(length))
        {
            var height = long.TrailingZeroCount(length);
            return levels[(int)height][(int)(from >> (int)height)];
        }

        var middle = from + LargestPart(length);
        return MerkleTree.NodeHash(Hash(from, middle), Hash(middle, to));
    }

    /// <summary>The largest power of two below a number.</summary>
    private static long LargestPart(long length) => 1L << (int)long.Log2(length - 1);
}
