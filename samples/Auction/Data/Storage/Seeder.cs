using JustRunIt.Auction.Shared.Contracts;
using JustRunIt.Auction.Shared.Seeding;
using Npgsql;
using NpgsqlTypes;

namespace JustRunIt.Auction.Data.Storage;

/// <summary>Fills an empty database, the same way every time.</summary>
internal static class Seeder
{
    private static readonly string[] s_regions = ["North", "East", "South", "West"];
    private static readonly DateTime s_firstClosing = new(2040, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    public static async Task SeedAsync(NpgsqlConnection connection, int items, int users)
    {
        await CopyAsync(connection, "categories (id, name)", Enumerable.Range(1, Vocabulary.Categories.Length), async (writer, id) =>
        {
            await writer.WriteAsync(id, NpgsqlDbType.Integer);
            await writer.WriteAsync(Vocabulary.Categories[id - 1], NpgsqlDbType.Text);
        });
        await CopyAsync(connection, "users (id, nickname, password_hash, region, rating)", Enumerable.Range(1, users), async (writer, id) =>
        {
            var nickname = SeedUser.Nickname(id);
            await writer.WriteAsync(id, NpgsqlDbType.Integer);
            await writer.WriteAsync(nickname, NpgsqlDbType.Text);
            await writer.WriteAsync(PasswordHash.Of(nickname, SeedUser.Password(id)), NpgsqlDbType.Text);
            await writer.WriteAsync(s_regions[id % s_regions.Length], NpgsqlDbType.Text);
            await writer.WriteAsync(id % 100, NpgsqlDbType.Integer);
        });
        const string ItemColumns = "items (id, seller_id, category_id, name, description, current_price_cents, closes_at)";
        await CopyAsync(connection, ItemColumns, Enumerable.Range(1, items).Select(SeedItem.Create), async (writer, item) =>
        {
            await writer.WriteAsync(item.Id, NpgsqlDbType.Integer);
            await writer.WriteAsync(1 + (item.SellerDraw % users), NpgsqlDbType.Integer);
            await writer.WriteAsync(item.CategoryId, NpgsqlDbType.Integer);
            await writer.WriteAsync(item.Name, NpgsqlDbType.Text);
            await writer.WriteAsync(item.Description, NpgsqlDbType.Text);
            await writer.WriteAsync(item.StartingPriceCents, NpgsqlDbType.Bigint);
            await writer.WriteAsync(s_firstClosing.AddHours(item.Id), NpgsqlDbType.TimestampTz);
        });

        await using var finish = new NpgsqlCommand(
            $"""
            SELECT setval(pg_get_serial_sequence('items', 'id'), {items});
            SELECT setval(pg_get_serial_sequence('users', 'id'), {users});
            INSERT INTO seed VALUES ({items}, {users});
            ANALYZE;
            """,
            connection);
        await finish.ExecuteNonQueryAsync();
    }

    private static async Task CopyAsync<T>(NpgsqlConnection connection, string target, IEnumerable<T> rows, Func<NpgsqlBinaryImporter, T, Task> write)
    {
        await using var writer = await connection.BeginBinaryImportAsync($"COPY {target} FROM STDIN (FORMAT BINARY)");
        foreach (var row in rows)
        {
            await writer.StartRowAsync();
            await write(writer, row);
        }

        await writer.CompleteAsync();
    }
}
