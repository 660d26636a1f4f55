using System.Globalization;
using JustRunIt.Bookstore.Application.Ranking;
using JustRunIt.Bookstore.Application.Storage;
using JustRunIt.Samples.Hosting;

namespace JustRunIt.Bookstore.Application.Pages;

/// <summary>What the bookstore's pages are made of.</summary>
internal static class BookHtml
{
    private const int AlsoBought = 8;

    public static Html Page(string title) => new("Bookstore", title);

    public static Html Books(this Html page, string heading, IEnumerable<Book> books) =>
        page.List(heading, books.Select(book => ($"/book/{book.Id}", book.Title, $"{book.Author}, {Html.Money(book.PriceCents)}")));

    public static Html Lines(this Html page, string heading, IEnumerable<Line> lines) =>
        page.List(heading, lines.Select(
            line => ($"/book/{line.Book.Id}", line.Book.Title, $"× {line.Quantity}, {Html.Money(line.Quantity * line.Book.PriceCents)}")));

    /// <summary>The end of every page: what else was bought, and how long this page took.</summary>
    public static IResult Finish(this Html page, HttpContext context, Purchases purchases, IEnumerable<int> books)
    {
        var begin = (long)context.Items[nameof(Finish)]!;
        page.List(
            "Customers also bought", purchases.BoughtWith([.. books], AlsoBought).Select(book => ($"/book/{book}", $"book {book}", "")));
        return page.Paragraph(string.Create(
            CultureInfo.InvariantCulture, $"Made in {TimeProvider.System.GetElapsedTime(begin).TotalMilliseconds:0.0} ms")).Result();
    }

    /// <summary>Takes the time from which <see cref="Finish"/> counts.</summary>
    public static ValueTask<object?> BeginAsync(EndpointFilterInvocationContext invocation, EndpointFilterDelegate next)
    {
        invocation.HttpContext.Items[nameof(Finish)] = TimeProvider.System.GetTimestamp();
        return next(invocation);
    }
}
