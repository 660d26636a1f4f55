using System.Security.Cryptography;
using CsCheck;
using JustRunIt.Events.Sealing;

namespace JustRunIt.Events.Tests;

/// <summary>
/// Trees and proofs as RFC 6962 and RFC 9162 define them, against the definition itself and against vectors that others wrote.
/// </summary>
public sealed class MerkleTreeTests
{
    /// <summary>Leaves and roots of the reference implementation of Certificate Transparency (its merkletree tests), by size.</summary>
    private static readonly string[] Leaves =
    [
        "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
    ];

    private static readonly string[] Roots =
    [
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];

    [Fact]
    public void Roots_are_those_of_the_reference_implementation()
    {
        var (growing, whole) = (new GrowingTree(), new WholeTree());
        Assert.Equal(Roots[0], Convert.ToHexStringLower(growing.Root()));
        for (var size = 1; size <= Leaves.Length; size++)
        {
            growing.Add(Convert.FromHexString(Leaves[size - 1]));
            whole.Add(Convert.FromHexString(Leaves[size - 1]));
            Assert.Equal(Roots[size], Convert.ToHexStringLower(growing.Root()));
            Assert.Equal(Roots[size], Convert.ToHexStringLower(whole.Root(size)));
        }
    }

    [Fact]
    public void A_tree_goes_on_from_what_was_kept_of_it() =>
        Gen.Select(Gen.Int[0, 300], Gen.Int[0, 300]).Sample((first, second) =>
        {
            var (kept, all) = (new GrowingTree(), Of(first + second));
            for (var i = 0; i < first; i++)
                kept.Add(Leaf(i));
            kept = new GrowingTree(kept.Size, kept.Parts);
            for (var i = first; i < first + second; i++)
                kept.Add(Leaf(i));
            Assert.Equal(all.Root(first + second), kept.Root());
        });

    [Fact]
    public void What_was_kept_of_another_tree_is_refused() =>
        Assert.Throws<ArgumentException>(() => new GrowingTree(3, [new byte[MerkleTree.HashLength]]));

    [Fact]
    public void Every_leaf_of_every_size_is_proven_and_no_other()
    {
        var tree = Of(70);
        for (var size = 1; size <= 70; size++)
        {
            var root = tree.Root(size);
            for (var leaf = 0; leaf < size; leaf++)
            {
                var proof = tree.Inclusion(leaf, size);
                Assert.True(MerkleTree.Includes(MerkleTree.LeafHash(Leaf(leaf)), leaf, size, root, proof));
                Assert.False(MerkleTree.Includes(MerkleTree.LeafHash(Leaf(leaf + 1)), leaf, size, root, proof));
                Assert.False(MerkleTree.Includes(MerkleTree.LeafHash(Leaf(leaf)), leaf, size, tree.Root(size - 1), proof));
            }
        }
    }

    [Fact]
    public void Every_size_continues_every_smaller_one_and_no_other_tree()
    {
        var tree = Of(70);
        var other = new WholeTree();
        for (var i = 0; i < 70; i++)
            other.Add(i == 0 ? [0xff] : Leaf(i));
        for (var size = 0; size <= 70; size++)
        {
            for (var before = 0; before <= size; before++)
            {
                var proof = tree.Consistency(before, size);
                Assert.True(MerkleTree.Continues(before, tree.Root(before), size, tree.Root(size), proof), $"{before} {size}");
                if (before > 0)
                    Assert.False(MerkleTree.Continues(before, other.Root(before), size, tree.Root(size), proof), $"{before} {size}");
            }
        }
    }

    /// <summary>A proof of which anything was changed proves nothing; whatever it says, the answer is no and not an error.</summary>
    [Fact]
    public void A_proof_that_was_changed_proves_nothing() =>
        Gen.Select(Gen.Int[2, 200], Gen.Int[0, 1_000_000], Gen.Int[0, 5], Gen.Int[0, 1_000_000], Gen.Bool).Sample(sample =>
        {
            var (size, pick, how, where, inclusion) = sample;
            var tree = Of(size);
            var (number, root) = (pick % size, tree.Root(size));
            var proof = inclusion ? tree.Inclusion(number, size) : tree.Consistency(number, size);
            var changed = Change([.. proof.Select(step => step.ToArray())], how, where);
            if (changed.Count == proof.Count && changed.Zip(proof).All(pair => pair.Second.Span.SequenceEqual(pair.First)))
                return;
            ReadOnlyMemory<byte>[] given = [.. changed.Select(step => new ReadOnlyMemory<byte>(step))];
            Assert.False(inclusion
                ? MerkleTree.Includes(MerkleTree.LeafHash(Leaf(number)), number, size, root, given)
                : MerkleTree.Continues(number, tree.Root(number), size, root, given));
        });

    [Fact]
    public void Numbers_that_cannot_be_prove_nothing() =>
        Gen.Select(Gen.Long[-5, 40], Gen.Long[-5, 40], Gen.Int[0, 8]).Sample((number, size, steps) =>
        {
            var tree = Of(20);
            var proof = Enumerable.Range(0, steps).Select(step => new ReadOnlyMemory<byte>(SHA256.HashData([(byte)step]))).ToList();
            Assert.False(MerkleTree.Includes(MerkleTree.LeafHash([1, 2, 3]), number, size, tree.Root(20), proof));
            if (number != size)
                Assert.False(MerkleTree.Continues(number, SHA256.HashData([9]), size, tree.Root(20), proof));
        });

    private static List<byte[]> Change(List<byte[]> proof, int how, int where)
    {
        if (proof.Count == 0)
            return [SHA256.HashData([1])];
        var at = where % proof.Count;
        switch (how)
        {
            case 0:
                proof[at][where % MerkleTree.HashLength] ^= (byte)(1 << (where % 8));
                break;
            case 1:
                proof.RemoveAt(at);
                break;
            case 2:
                proof.Insert(at, SHA256.HashData([2]));
                break;
            case 3:
                proof.Insert(at, proof[at]);
                break;
            case 4:
                (proof[at], proof[^1]) = (proof[^1], proof[at]);
                break;
            default:
                proof[at] = proof[at][..^1];
                break;
        }

        return proof;
    }

    private static WholeTree Of(int size)
    {
        var tree = new WholeTree();
        for (var i = 0; i < size; i++)
            tree.Add(Leaf(i));
        return tree;
    }

    private static byte[] Leaf(int number) => BitConverter.GetBytes(number);
}
