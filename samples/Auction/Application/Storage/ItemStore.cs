using JustRunIt.Samples.Databases;
using MySqlConnector;

namespace JustRunIt.Auction.Application.Storage;

/// <summary>Categories and items.</summary>
internal sealed class ItemStore(RequestConnection database)
{
    public const string SummaryColumns = "i.id, i.name, i.current_price_cents, i.bid_count";

    public static ItemSummary ReadSummary(MySqlDataReader row) => new(row.GetInt32(0), row.GetString(1), row.GetInt64(2), row.GetInt32(3));

    public Task<List<Category>> CategoriesAsync() =>
        database.ListAsync("SELECT id, name FROM categories ORDER BY id", row => new Category(row.GetInt32(0), row.GetString(1)));

    public Task<List<ItemSummary>> PopularAsync() =>
        database.ListAsync($"SELECT {SummaryColumns} FROM items i ORDER BY i.bid_count DESC, i.id LIMIT 10", ReadSummary);

    public async Task<ItemPage?> InCategoryAsync(int categoryId, int page)
    {
        var category = await database.FindAsync("SELECT name FROM categories WHERE id = ?", row => row.GetString(0), categoryId);
        if (category is null)
            return null;
        var items = await database.ListAsync(
            $"SELECT {SummaryColumns} FROM items i WHERE i.category_id = ? ORDER BY i.id LIMIT ? OFFSET ?",
            ReadSummary, categoryId, Paging.ItemsPerPage + 1, Paging.Offset(page));
        return Page(category, page, items);
    }

    /// <summary>Items whose name has all the words.</summary>
    public async Task<ItemPage> SearchAsync(string words, int page)
    {
        var terms = words
            .Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .Select(word => new string([.. word.Where(char.IsLetterOrDigit)]))
            .Where(word => word.Length > 0);
        var items = await database.ListAsync(
            $"SELECT {SummaryColumns} FROM items i WHERE MATCH (i.name) AGAINST (? IN BOOLEAN MODE) ORDER BY i.id LIMIT ? OFFSET ?",
            ReadSummary, string.Join(' ', terms.Select(word => $"+{word}")), Paging.ItemsPerPage + 1, Paging.Offset(page));
        return Page(words, page, items);
    }

    public async Task<ItemDetails?> FindAsync(int itemId)
    {
        var item = await database.FindAsync(
            "SELECT i.name, i.description, c.id, c.name, u.id, u.nickname, i.current_price_cents, i.bid_count "
            + "FROM items i JOIN categories c ON c.id = i.category_id JOIN users u ON u.id = i.seller_id WHERE i.id = ?",
            row => new ItemDetails(
                itemId, row.GetString(0), row.GetString(1), new Category(row.GetInt32(2), row.GetString(3)),
                new UserSummary(row.GetInt32(4), row.GetString(5)), row.GetInt64(6), row.GetInt32(7), []),
            itemId);
        return item is null
            ? null
            : item with
            {
                HighestBids = await database.ListAsync(
                $"{BidStore.SelectBids} WHERE b.item_id = ? ORDER BY b.id DESC LIMIT ?", BidStore.ReadBid, itemId, Paging.BidsOnItem)
            };
    }

    /// <summary>Puts an item up for sale. Its identifier; null when there is no such seller or category.</summary>
    public async Task<long?> AddAsync(NewItem item)
    {
        try
        {
            var (_, id) = await database.ExecuteAsync(
                "INSERT INTO items (seller_id, category_id, name, description, current_price_cents, closes_at) VALUES (?, ?, ?, ?, ?, "
                    + "NOW() + INTERVAL ? DAY)",
                item.SellerId, item.CategoryId, item.Name, item.Description, item.StartingPriceCents, item.OpenDays);
            return id;
        }
        catch (MySqlException problem) when (problem.ErrorCode == MySqlErrorCode.NoReferencedRow2)
        {
            return null;
        }
    }

    private static ItemPage Page(string title, int page, List<ItemSummary> oneMoreThanAPage) =>
        new(title, page, oneMoreThanAPage.Count > Paging.ItemsPerPage, [.. oneMoreThanAPage.Take(Paging.ItemsPerPage)]);
}
