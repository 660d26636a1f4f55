using System.Security.Cryptography;

namespace JustRunIt.Events.Sealing;

/// <summary>
/// The hashes of a Merkle tree (RFC 6962 §2.1): a leaf and an inner node are hashed apart, so that neither can be taken for the other.
/// </summary>
public static class MerkleTree
{
    /// <summary>Length of each hash (SHA-256), in bytes.</summary>
    public const int HashLength = SHA256.HashSizeInBytes;

    private const byte Leaf = 0;
    private const byte Node = 1;

    /// <summary>The root of a tree without leaves.</summary>
    public static ReadOnlyMemory<byte> EmptyRoot { get; } = SHA256.HashData([]);

    /// <summary>The hash of a leaf.</summary>
    public static byte[] LeafHash(ReadOnlySpan<byte> data)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData([Leaf]);
        hash.AppendData(data);
        return hash.GetHashAndReset();
    }

    /// <summary>The hash of a node with two below it.</summary>
    public static byte[] NodeHash(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right)
    {
        Span<byte> data = stackalloc byte[1 + 2 * HashLength];
        data[0] = Node;
        left.CopyTo(data[1..]);
        right.CopyTo(data[(1 + HashLength)..]);
        return SHA256.HashData(data);
    }

    /// <summary>Whether a leaf is in a tree (RFC 9162 §2.1.3.2).</summary>
    /// <param name="leafHash">The leaf's hash.</param>
    /// <param name="leaf">Its number, from 0.</param>
    /// <param name="size">Number of the tree's leaves.</param>
    /// <param name="root">The tree's root.</param>
    /// <param name="proof">The hashes on the way to the root.</param>
    public static bool Includes(
        ReadOnlySpan<byte> leafHash, long leaf, long size, ReadOnlySpan<byte> root, IReadOnlyList<ReadOnlyMemory<byte>> proof)
    {
        ArgumentNullException.ThrowIfNull(proof);
        if (leaf < 0 || leaf >= size || !AreHashes(proof) || leafHash.Length != HashLength)
            return false;
        var (fn, sn, hash) = (leaf, size - 1, leafHash.ToArray());
        foreach (var step in proof)
        {
            if (sn == 0)
                return false;
            if ((fn & 1) == 1 || fn == sn)
            {
                hash = NodeHash(step.Span, hash);
                while ((fn & 1) == 0 && fn != 0)
                    (fn, sn) = (fn >> 1, sn >> 1);
            }
            else
            {
                hash = NodeHash(hash, step.Span);
            }

            (fn, sn) = (fn >> 1, sn >> 1);
        }

        return sn == 0 && root.SequenceEqual(hash);
    }

    /// <summary>Whether a tree is the continuation of an earlier one (RFC 9162 §2.1.4.2).</summary>
    /// <param name="before">Number of leaves of the earlier.</param>
    /// <param name="rootBefore">Its root.</param>
    /// <param name="size">Number of leaves of the later.</param>
    /// <param name="root">Its root.</param>
    /// <param name="proof">The hashes that both have in common.</param>
    public static bool Continues(
        long before, ReadOnlySpan<byte> rootBefore, long size, ReadOnlySpan<byte> root, IReadOnlyList<ReadOnlyMemory<byte>> proof)
    {
        ArgumentNullException.ThrowIfNull(proof);
        if (before < 0 || before > size || !AreHashes(proof))
            return false;
        if (before == size)
            return proof.Count == 0 && rootBefore.SequenceEqual(root);
        if (before == 0)
            return proof.Count == 0 && rootBefore.SequenceEqual(EmptyRoot.Span);
        var isWhole = long.IsPow2(before);
        if (!isWhole && proof.Count == 0)
            return false;
        var (fn, sn) = (before - 1, size - 1);
        while ((fn & 1) == 1)
            (fn, sn) = (fn >> 1, sn >> 1);
        var first = isWhole ? rootBefore.ToArray() : proof[0].ToArray();
        var (old, now) = (first, first);
        foreach (var step in proof.Skip(isWhole ? 0 : 1))
        {
            if (sn == 0)
                return false;
            if ((fn & 1) == 1 || fn == sn)
            {
                old = NodeHash(step.Span, old);
                now = NodeHash(step.Span, now);
                while ((fn & 1) == 0 && fn != 0)
                    (fn, sn) = (fn >> 1, sn >> 1);
            }
            else
            {
                now = NodeHash(now, step.Span);
            }

            (fn, sn) = (fn >> 1, sn >> 1);
        }

        return sn == 0 && rootBefore.SequenceEqual(old) && root.SequenceEqual(now);
    }

    private static bool AreHashes(IReadOnlyList<ReadOnlyMemory<byte>> proof) => proof.All(step => step.Length == HashLength);
}
