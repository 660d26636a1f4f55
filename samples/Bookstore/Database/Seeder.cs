using JustRunIt.Bookstore.Shared.Seeding;
using JustRunIt.Samples.Databases;
using MySqlConnector;

namespace JustRunIt.Bookstore.Database;

/// <summary>Fills an empty database, the same way every time.</summary>
internal static class Seeder
{
    private static readonly DateTime Today = new(2025, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    public static async Task SeedAsync(MySqlConnection connection, int books, int users)
    {
        await connection.SeedUsersAsync("bookstore", users);
        await connection.RunAsync(Schema.Sql);
        await connection.InsertAsync(
            "books (id, title, author, subject_id, price_cents, stock, published_on)",
            Enumerable.Range(1, books).Select(Catalogue.Book).Select(book => new object[]
            {
                book.Id, book.Title, book.Author, book.SubjectId, book.PriceCents, book.Stock, Today.AddDays(-book.AgeDays),
            }));
    }
}
