namespace JustRunIt.Bookstore.Application.Storage;

/// <summary>A book as a list shows it.</summary>
internal sealed record Book(int Id, string Title, string Author, long PriceCents);

/// <summary>A book on its own page.</summary>
internal sealed record BookDetails(Book Book, int SubjectId, int Stock, int Sold);

/// <summary>So many copies of a book in a cart or an order.</summary>
internal sealed record Line(Book Book, int Quantity);

/// <summary>A user's open cart.</summary>
internal sealed record Cart(int Id, IReadOnlyList<Line> Lines)
{
    /// <summary>What it costs.</summary>
    public long TotalCents => Lines.Sum(line => line.Quantity * line.Book.PriceCents);
}

/// <summary>An order as its customer sees it.</summary>
internal sealed record Order(int Id, long TotalCents, IReadOnlyList<Line> Lines);
