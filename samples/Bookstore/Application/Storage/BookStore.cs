using JustRunIt.Samples.Databases;
using MySqlConnector;

namespace JustRunIt.Bookstore.Application.Storage;

/// <summary>Books.</summary>
internal sealed class BookStore(RequestConnection database)
{
    public const string Columns = "b.id, b.title, b.author, b.price_cents";
    private const int OnList = 20;

    public static Book Read(MySqlDataReader row) => new(row.GetInt32(0), row.GetString(1), row.GetString(2), row.GetInt64(3));

    public Task<List<Book>> NewAsync(int subjectId) => database.ListAsync(
        $"SELECT {Columns} FROM books b WHERE b.subject_id = ? ORDER BY b.published_on DESC, b.id DESC LIMIT ?", Read, subjectId, OnList);

    public Task<List<Book>> BestAsync(int subjectId) => database.ListAsync(
        $"SELECT {Columns} FROM books b WHERE b.subject_id = ? ORDER BY b.sold DESC, b.id DESC LIMIT ?", Read, subjectId, OnList);

    public Task<List<Book>> SearchAsync(string words) => database.ListAsync(
        $"SELECT {Columns} FROM books b WHERE MATCH (b.title) AGAINST (? IN BOOLEAN MODE) ORDER BY b.id LIMIT ?",
        Read,
        string.Join(' ', words
            .Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .Select(word => $"+{new string([.. word.Where(char.IsLetterOrDigit)])}")
            .Where(word => word.Length > 1)),
        OnList);

    public Task<BookDetails?> FindAsync(int id) => database.FindAsync(
        $"SELECT {Columns}, b.subject_id, b.stock, b.sold FROM books b WHERE b.id = ?",
        row => new BookDetails(Read(row), row.GetInt32(4), row.GetInt32(5), row.GetInt32(6)), id);
}
