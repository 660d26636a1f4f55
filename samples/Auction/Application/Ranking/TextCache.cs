using System.Collections.Concurrent;

namespace JustRunIt.Auction.Application.Ranking;

/// <summary>The words of texts that pages were about before: the same items come up again and again.</summary>
/// <param name="read">Finds the words of a text that is not known yet.</param>
internal sealed class TextCache(Func<string, int[]> read)
{
    /// <summary>So many texts are kept; then all are forgotten, so that memory stays bounded.</summary>
    private const int MaximumTexts = 20_000;

    private readonly ConcurrentDictionary<string, int[]> known = new();
    private long hits;
    private long misses;

    /// <summary>Numbers of the words of a text.</summary>
    public int[] WordsOf(string text)
    {
        if (known.TryGetValue(text, out var words))
        {
            Interlocked.Increment(ref hits);
            return words;
        }

        Interlocked.Increment(ref misses);
        if (known.Count >= MaximumTexts)
            known.Clear();
        return known.GetOrAdd(text, read);
    }

    /// <summary>What is kept, and how often it was there or not.</summary>
    public IReadOnlyDictionary<string, long> Counts() => new Dictionary<string, long>
    {
        ["texts"] = known.Count,
        ["textHits"] = Interlocked.Read(ref hits),
        ["textMisses"] = Interlocked.Read(ref misses),
    };
}
