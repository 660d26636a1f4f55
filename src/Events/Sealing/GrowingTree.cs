namespace JustRunIt.Events.Sealing;

/// <summary>
/// A tree that only grows, of which no more is kept than its next root needs: the roots of its whole parts, from the largest to the
/// smallest, one for each bit of its size.
/// </summary>
public sealed class GrowingTree
{
    private readonly List<byte[]> parts = [];

    /// <summary>A tree without leaves.</summary>
    public GrowingTree()
    {
    }

    /// <summary>A tree as it was kept.</summary>
    /// <param name="size">Number of its leaves.</param>
    /// <param name="parts">Roots of its whole parts.</param>
    /// <exception cref="ArgumentException">They are not the parts of such a tree.</exception>
    public GrowingTree(long size, IEnumerable<byte[]> parts)
    {
        this.parts = [.. parts];
        Size = size;
        if (size < 0 || this.parts.Count != System.Numerics.BitOperations.PopCount((ulong)size)
            || this.parts.Exists(part => part.Length != MerkleTree.HashLength))
        {
            throw new ArgumentException($"{this.parts.Count} parts are none of a tree with {size} leaves.", nameof(parts));
        }
    }

    /// <summary>Number of its leaves.</summary>
    public long Size { get; private set; }

    /// <summary>Roots of its whole parts, from the largest to the smallest.</summary>
    public IReadOnlyList<byte[]> Parts => parts;

    /// <summary>Adds a leaf.</summary>
    /// <param name="data">What it holds: of an event, its hash.</param>
    public void Add(ReadOnlySpan<byte> data)
    {
        var hash = MerkleTree.LeafHash(data);
        for (var bit = Size; (bit & 1) == 1; bit >>= 1)
        {
            hash = MerkleTree.NodeHash(parts[^1], hash);
            parts.RemoveAt(parts.Count - 1);
        }

        parts.Add(hash);
        Size++;
    }

    /// <summary>Its root (RFC 6962 §2.1).</summary>
    public byte[] Root()
    {
        if (parts.Count == 0)
            return MerkleTree.EmptyRoot.ToArray();
        var root = parts[^1];
        for (var i = parts.Count - 2; i >= 0; i--)
            root = MerkleTree.NodeHash(parts[i], root);
        return root;
    }
}
