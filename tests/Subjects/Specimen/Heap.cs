namespace JustRunIt.Specimen;

/// <summary>Live data of a given size that no page of is like another.</summary>
internal sealed class Heap
{
    private const int PageBytes = 4096;
    private readonly byte[][] blocks;
    private int next;

    /// <summary>Fills it.</summary>
    public Heap(int mebibytes)
    {
        var random = new Random(1);
        blocks = new byte[mebibytes][];
        for (var i = 0; i < mebibytes; i++)
        {
            blocks[i] = new byte[1 << 20];
            random.NextBytes(blocks[i]);
        }
    }

    /// <summary>Writes one page of it and tells its new value.</summary>
    public int Touch()
    {
        if (blocks.Length == 0)
            return 0;
        var at = Interlocked.Increment(ref next) & int.MaxValue;
        var block = blocks[at % blocks.Length];
        return ++block[at / blocks.Length * PageBytes % block.Length];
    }

    /// <summary>How many MiB of it hold what they were filled with, while nothing was touched.</summary>
    public int Right()
    {
        var random = new Random(1);
        var expected = new byte[1 << 20];
        return blocks.Count(block =>
        {
            random.NextBytes(expected);
            return block.AsSpan().SequenceEqual(expected);
        });
    }
}
