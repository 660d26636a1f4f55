using JustRunIt.Samples.Core.Seeding;

namespace JustRunIt.Bookstore.Shared.Seeding;

/// <summary>What the bookstore sells: the same in every tier and on every machine.</summary>
public static class Catalogue
{
    /// <summary>Books that a past customer bought.</summary>
    public const int BasketSize = 24;

    /// <summary>Books on a shelf, whose readers like each other's books.</summary>
    private const int ShelfSize = 50;

    private static readonly string[] First = [
        "Silent", "Northern", "Hidden", "Last", "Glass", "Burning", "Distant", "Broken", "Golden", "Winter", "Secret", "Lost"
    ];
    private static readonly string[] Second = [
        "River", "Garden", "Empire", "Voyage", "Library", "Orchard", "Harbour", "Mountain", "Letter", "Season", "Theorem", "Bridge"
    ];
    private static readonly string[] Third = [
        "Tales", "History", "Notes", "Journal", "Elements", "Principles", "Stories", "Companion", "Handbook", "Essays", "Memoir", "Guide"
    ];

    /// <summary>The subjects; a book's is a number from 1.</summary>
    public static IReadOnlyList<string> Subjects { get; } =
    [
        "Arts", "Biographies", "Business", "Children", "Computers", "Cooking", "Health", "History", "Home", "Humor", "Literature",
        "Mystery",
        "Parenting", "Politics", "Reference", "Religion", "Romance", "Science", "Sports", "Travel",
    ];

    /// <summary>Words that occur in titles.</summary>
    public static IReadOnlyList<string> TitleWords { get; } = [.. First, .. Second, .. Third];

    /// <summary>A book, made from its identifier alone.</summary>
    /// <param name="id">From 1.</param>
    public static SeedBook Book(int id)
    {
        var random = new SplitMix((ulong)id);
        return new SeedBook(
            id,
            $"{First[random.Next(First.Length)]} {Second[random.Next(Second.Length)]} {Third[random.Next(Third.Length)]} {id}",
            $"Author {1 + random.Next(500)}",
            1 + random.Next(Subjects.Count),
            500 + random.Next(9_500),
            10 + random.Next(21),
            random.Next(3_650));
    }

    /// <summary>What a past customer bought: mostly from one shelf, some of anything.</summary>
    /// <param name="customer">From 1.</param>
    /// <param name="books">Books that there are.</param>
    public static int[] Basket(int customer, int books)
    {
        var random = new SplitMix((ulong)customer + (1UL << 40));
        var shelf = random.Next(Math.Max(1, books - ShelfSize));
        var basket = new int[BasketSize];
        for (var i = 0; i < basket.Length; i++)
            basket[i] = 1 + (random.Next(4) == 0 ? random.Next(books) : Math.Min(books - 1, shelf + random.Next(ShelfSize)));
        return basket;
    }
}

/// <summary>A book as it is at first.</summary>
/// <param name="Id">From 1.</param>
/// <param name="Title">With its identifier, so that no two are equal.</param>
/// <param name="Author">Name.</param>
/// <param name="SubjectId">From 1.</param>
/// <param name="PriceCents">Price.</param>
/// <param name="Stock">Copies.</param>
/// <param name="AgeDays">Since it was published.</param>
public sealed record SeedBook(int Id, string Title, string Author, int SubjectId, long PriceCents, int Stock, int AgeDays);
