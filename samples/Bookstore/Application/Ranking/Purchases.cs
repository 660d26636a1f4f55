using JustRunIt.Bookstore.Shared.Seeding;

namespace JustRunIt.Bookstore.Application.Ranking;

/// <summary>
/// "Customers who bought this also bought": item-to-item collaborative filtering by cosine similarity (Linden, Smith and York,
/// IEEE Internet Computing 2003), computed afresh for every page. This is what makes the tier one that is bound by CPU; a page
/// costs one pass over all purchases, whatever is on it.
/// </summary>
internal sealed class Purchases
{
    private readonly int[][] baskets;
    private readonly int[] buyers;

    /// <summary>Learns what past customers bought.</summary>
    /// <param name="books">Books that there are.</param>
    /// <param name="histories">Past customers.</param>
    public Purchases(int books, int histories)
    {
        baskets = new int[histories][];
        buyers = new int[books + 1];
        for (var customer = 0; customer < histories; customer++)
        {
            baskets[customer] = Catalogue.Basket(customer + 1, books);
            foreach (var book in baskets[customer])
                buyers[book]++;
        }
    }

    /// <summary>Books that were bought with the given ones, most alike first.</summary>
    public IReadOnlyList<int> BoughtWith(IReadOnlyCollection<int> books, int count)
    {
        var isGiven = new bool[buyers.Length];
        foreach (var book in books.Where(book => book < buyers.Length))
            isGiven[book] = true;
        var together = new int[buyers.Length];
        foreach (var basket in baskets)
        {
            var common = 0;
            foreach (var book in basket)
                common += isGiven[book] ? 1 : 0;
            // Every basket is added up, so that a page costs the same for any book.
            foreach (var book in basket)
                together[book] += common;
        }

        return [.. Enumerable.Range(1, buyers.Length - 1)
            .Where(book => !isGiven[book] && buyers[book] > 0)
            .Select(book => (Book: book, Likeness: together[book] / Math.Sqrt(buyers[book])))
            .OrderByDescending(entry => entry.Likeness)
            .ThenBy(entry => entry.Book)
            .Take(count)
            .Select(entry => entry.Book)];
    }
}
