using JustRunIt.Bookstore.Application.Ranking;
using JustRunIt.Bookstore.Application.Storage;
using JustRunIt.Bookstore.Shared.Seeding;
using JustRunIt.Samples.Hosting;

namespace JustRunIt.Bookstore.Application.Pages;

/// <summary>The pages that anybody may read.</summary>
internal static class Browsing
{
    public static void MapBrowsing(this IEndpointRouteBuilder routes)
    {
        var pages = routes.MapGroup("").AddEndpointFilter(BookHtml.BeginAsync);
        pages.MapGet("/", async (HttpContext context, BookStore data, Purchases purchases) =>
        {
            var promoted = await data.BestAsync(1);
            return BookHtml.Page("Bookstore")
                .List("Subjects", Catalogue.Subjects.Select((name, index) => ($"/new/{index + 1}", name, "")))
                .Link("/best/1", "Best sellers")
                .Books("Promoted", promoted)
                .Finish(context, purchases, promoted.Select(book => book.Id));
        });
        pages.MapGet("/new/{subject:int}", async (int subject, HttpContext context, BookStore data, Purchases purchases) =>
            List("New", subject, await data.NewAsync(subject), context, purchases));
        pages.MapGet("/best/{subject:int}", async (int subject, HttpContext context, BookStore data, Purchases purchases) =>
            List("Best sellers", subject, await data.BestAsync(subject), context, purchases));
        pages.MapGet("/search", async (string q, HttpContext context, BookStore data, Purchases purchases) =>
        {
            var found = await data.SearchAsync(q);
            return BookHtml.Page(q).Books("Found", found).Finish(context, purchases, found.Select(book => book.Id));
        });
        pages.MapGet("/book/{id:int}", async (int id, HttpContext context, BookStore data, Purchases purchases) =>
            await data.FindAsync(id) is { } found
            ? BookHtml.Page(found.Book.Title)
                .Paragraph($"{found.Book.Author}, {Html.Money(found.Book.PriceCents)}")
                .Paragraph($"{found.Stock} in stock, {found.Sold} sold")
                .Link($"/best/{found.SubjectId}", $"Best sellers in {Subject(found.SubjectId)}")
                .Button("/cart", "Put into the cart", "book", $"{id}")
                .Finish(context, purchases, [id])
            : BookHtml.Page("There is no such book").Result(StatusCodes.Status404NotFound));
    }

    private static IResult List(string what, int subject, List<Book> books, HttpContext context, Purchases purchases) =>
        BookHtml.Page($"{what}: {Subject(subject)}").Books(what, books).Finish(context, purchases, books.Select(book => book.Id));

    private static string Subject(int id) => id >= 1 && id <= Catalogue.Subjects.Count ? Catalogue.Subjects[id - 1] : "nothing";
}
