using JustRunIt.Auction.Shared.Seeding;

namespace JustRunIt.Auction.Application.Ranking;

/// <summary>
/// Chooses items that are like what a page shows and unlike each other: maximal marginal relevance (Carbonell and Goldstein,
/// SIGIR 1998) over the whole catalogue. This is what makes the tier one that is bound by CPU; a page costs
/// candidates × recommendations comparisons, whatever is on it.
/// </summary>
internal sealed class Recommender
{
    private const double RelevanceWeight = 0.7;

    private readonly int[][] words;
    private readonly Dictionary<string, int> vocabulary = [];
    private readonly TextCache texts;

    /// <summary>Learns the catalogue's first items.</summary>
    public Recommender(int candidates)
    {
        words = new int[candidates][];
        for (var i = 0; i < candidates; i++)
            words[i] = Array.ConvertAll(SeedItem.Create(i + 1).DescriptionWords, WordNumber);
        texts = new TextCache(
            text => [.. text.Split(' ').Select(word => vocabulary.GetValueOrDefault(word, -1)).Where(number => number >= 0)]);
    }

    /// <summary>Texts whose words are known already, and how often that helped.</summary>
    public IReadOnlyDictionary<string, long> Counts() => texts.Counts();

    /// <summary>Identifiers of recommended items, best first.</summary>
    /// <param name="text">What the page is about.</param>
    /// <param name="count">How many.</param>
    public int[] Recommend(string text, int count)
    {
        var query = Weights(texts.WordsOf(text));
        var relevance = Array.ConvertAll(words, item => Similarity(query, item));
        var redundancy = new double[words.Length];
        var chosen = new int[count];
        var isChosen = new bool[words.Length];
        for (var i = 0; i < count; i++)
        {
            var best = -1;
            for (var candidate = 0; candidate < words.Length; candidate++)
            {
                if (!isChosen[candidate] && (best < 0 || Score(candidate) > Score(best)))
                    best = candidate;
            }

            isChosen[best] = true;
            chosen[i] = best + 1;
            var weights = Weights(words[best]);
            for (var candidate = 0; candidate < words.Length; candidate++)
                redundancy[candidate] = Math.Max(redundancy[candidate], Similarity(weights, words[candidate]));
        }

        return chosen;

        double Score(int candidate) => (RelevanceWeight * relevance[candidate]) - ((1 - RelevanceWeight) * redundancy[candidate]);
    }

    private static double Similarity(double[] weights, int[] item)
    {
        var sum = 0.0;
        foreach (var word in item)
            sum += weights[word];
        return sum;
    }

    private double[] Weights(IEnumerable<int> text)
    {
        var weights = new double[vocabulary.Count];
        foreach (var word in text)
            weights[word] += 1;
        return weights;
    }

    private int WordNumber(string word)
    {
        if (!vocabulary.TryGetValue(word, out var number))
            vocabulary.Add(word, number = vocabulary.Count);
        return number;
    }
}
