using JustRunIt.Auction.Shared.Seeding;
using JustRunIt.Samples.Databases;
using MySqlConnector;

namespace JustRunIt.Auction.Database;

/// <summary>Fills an empty database, the same way every time.</summary>
internal static class Seeder
{
    private static readonly DateTime FirstClosing = new(2040, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    public static async Task SeedAsync(MySqlConnection connection, int items, int users)
    {
        await connection.SeedUsersAsync("auction", users);
        await connection.RunAsync(Schema.Sql);
        await connection.InsertAsync(
            "categories (id, name)", Vocabulary.Categories.Select((name, index) => new object[] { index + 1, name }));
        await connection.InsertAsync(
            "items (id, seller_id, category_id, name, description, current_price_cents, closes_at)",
            Enumerable.Range(1, items).Select(SeedItem.Create).Select(item => new object[]
            {
                item.Id, 1 + (item.SellerDraw % users), item.CategoryId, item.Name, item.Description, item.StartingPriceCents,
                FirstClosing.AddMinutes(item.Id),
            }));
    }
}
