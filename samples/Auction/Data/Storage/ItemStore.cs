using JustRunIt.Auction.Shared.Contracts;
using Npgsql;

namespace JustRunIt.Auction.Data.Storage;

/// <summary>Categories and items.</summary>
internal sealed class ItemStore(NpgsqlDataSource database)
{
    public const string SummaryColumns = "i.id, i.name, i.current_price_cents, i.bid_count";

    public static ItemSummary ReadSummary(NpgsqlDataReader row) => new(row.GetInt32(0), row.GetString(1), row.GetInt64(2), row.GetInt32(3));

    public async Task<Category[]> CategoriesAsync() =>
        [.. await database.ListAsync("SELECT id, name FROM categories ORDER BY id", row => new Category(row.GetInt32(0), row.GetString(1)))];

    public async Task<ItemSummary[]> PopularAsync() =>
        [.. await database.ListAsync($"SELECT {SummaryColumns} FROM items i ORDER BY i.bid_count DESC, i.id LIMIT 10", ReadSummary)];

    public async Task<ItemPage?> InCategoryAsync(int categoryId, int page)
    {
        var category = await database.FindAsync("SELECT name FROM categories WHERE id = $1", row => row.GetString(0), categoryId);
        if (category is null)
            return null;
        var items = await database.ListAsync(
            $"SELECT {SummaryColumns} FROM items i WHERE i.category_id = $1 ORDER BY i.id LIMIT $2 OFFSET $3",
            ReadSummary, categoryId, Paging.ItemsPerPage + 1, (page - 1) * Paging.ItemsPerPage);
        return Page(category, page, items);
    }

    public async Task<ItemPage> SearchAsync(string query, int page)
    {
        var items = await database.ListAsync(
            $"""
            SELECT {SummaryColumns} FROM items i WHERE i.words @@ websearch_to_tsquery('simple', $1)
            ORDER BY i.id LIMIT $2 OFFSET $3
            """,
            ReadSummary, query, Paging.ItemsPerPage + 1, (page - 1) * Paging.ItemsPerPage);
        return Page(query, page, items);
    }

    public async Task<ItemDetails?> FindAsync(int itemId)
    {
        var item = await database.FindAsync(
            """
            SELECT i.name, i.description, c.id, c.name, u.id, u.nickname, i.current_price_cents, i.bid_count, i.closes_at
            FROM items i JOIN categories c ON c.id = i.category_id JOIN users u ON u.id = i.seller_id WHERE i.id = $1
            """,
            row => new ItemDetails(
                itemId, row.GetString(0), row.GetString(1), new Category(row.GetInt32(2), row.GetString(3)),
                new UserSummary(row.GetInt32(4), row.GetString(5)), row.GetInt64(6), row.GetInt32(7),
                row.GetFieldValue<DateTimeOffset>(8), []),
            itemId);
        if (item is null)
            return null;
        var bids = await database.ListAsync($"{BidStore.SelectBids} WHERE b.item_id = $1 ORDER BY b.id DESC LIMIT $2", BidStore.ReadBid, itemId, Paging.BidsOnItem);
        return item with { HighestBids = [.. bids] };
    }

    /// <summary>Puts an item up for sale; null when there is no such seller or category.</summary>
    public async Task<Created?> AddAsync(NewItem item)
    {
        try
        {
            return await database.FindAsync(
                """
                INSERT INTO items (seller_id, category_id, name, description, current_price_cents, closes_at)
                VALUES ($1, $2, $3, $4, $5, now() + make_interval(days => $6)) RETURNING id
                """,
                row => new Created(row.GetInt32(0)),
                item.SellerId, item.CategoryId, item.Name, item.Description, item.StartingPriceCents, item.OpenDays);
        }
        catch (PostgresException problem) when (problem.SqlState == PostgresErrorCodes.ForeignKeyViolation)
        {
            return null;
        }
    }

    private static ItemPage Page(string title, int page, List<ItemSummary> oneMoreThanAPage) =>
        new(title, page, oneMoreThanAPage.Count > Paging.ItemsPerPage, [.. oneMoreThanAPage.Take(Paging.ItemsPerPage)]);
}
