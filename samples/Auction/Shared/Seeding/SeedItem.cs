using JustRunIt.Samples.Core.Seeding;

namespace JustRunIt.Auction.Shared.Seeding;

/// <summary>An item of the seeded catalogue: the same for the same identifier, in every tier and on every machine.</summary>
public sealed record SeedItem(int Id, int CategoryId, string Name, string[] DescriptionWords, long StartingPriceCents, int SellerDraw)
{
    /// <summary>The description as text.</summary>
    public string Description => string.Join(' ', DescriptionWords);

    /// <summary>Makes an item from its identifier alone.</summary>
    /// <param name="id">From 1.</param>
    public static SeedItem Create(int id)
    {
        var random = new SplitMix((ulong)id);
        var categoryId = 1 + random.Next(Vocabulary.Categories.Length);
        var nouns = Vocabulary.Nouns(categoryId);
        var common = Vocabulary.Common;
        var noun = nouns[random.Next(nouns.Count)];
        var name = $"{common[random.Next(Vocabulary.NameWords / 2)]} "
            + $"{common[(Vocabulary.NameWords / 2) + random.Next(Vocabulary.NameWords / 2)]} {noun}";
        var words = new string[Vocabulary.DescriptionWords];
        for (var i = 0; i < words.Length; i++)
        {
            words[i] = random.Next(4) == 0 ? nouns[random.Next(nouns.Count)] : common[random.Next(common.Count)];
        }

        return new SeedItem(id, categoryId, name, words, 100 + random.Next(49_900), random.Next(int.MaxValue));
    }
}
