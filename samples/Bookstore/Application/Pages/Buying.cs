using System.Globalization;
using JustRunIt.Bookstore.Application.Ranking;
using JustRunIt.Bookstore.Application.Storage;
using JustRunIt.Samples.Hosting;

namespace JustRunIt.Bookstore.Application.Pages;

/// <summary>The pages of a user who is logged in; anybody else is asked to log in.</summary>
internal static class Buying
{
    private const int LargestQuantity = 99;

    public static void MapBuying(this IEndpointRouteBuilder routes)
    {
        var pages = routes.MapGroup("").AddEndpointFilter(BookHtml.BeginAsync);
        pages.MapLogIn("Bookstore", "/");
        pages.MapGet("/cart", async (HttpContext context, Sessions sessions, CartStore carts, Purchases purchases) =>
            await sessions.OwnerAsync(context) is { } owner ? Show(
                await carts.FindAsync(owner.UserId), context, purchases) : LogInPage.Show("Bookstore", StatusCodes.Status401Unauthorized));
        pages.MapPost("/cart", async (HttpContext context, Sessions sessions, BookStore books, CartStore carts, Purchases purchases) =>
        {
            if (await sessions.OwnerAsync(context) is not { } owner)
                return LogInPage.Show("Bookstore", StatusCodes.Status401Unauthorized);
            var form = await context.Request.ReadFormAsync();
            return Number(form["book"], int.MaxValue) is { } book && await books.FindAsync(book) is not null
                ? Show(await carts.AddAsync(owner.UserId, book), context, purchases)
                : Wrong("book", form["book"], "the number of a book");
        });
        pages.MapPost("/cart/change", async (HttpContext context, Sessions sessions, CartStore carts, Purchases purchases) =>
        {
            if (await sessions.OwnerAsync(context) is not { } owner)
                return LogInPage.Show("Bookstore", StatusCodes.Status401Unauthorized);
            var form = await context.Request.ReadFormAsync();
            return Number(form["book"], int.MaxValue) is not { } book ? Wrong("book", form["book"], "the number of a book")
                : Number(form["quantity"], LargestQuantity) is not { } quantity ? Wrong(
                    "quantity", form["quantity"], $"0 to {LargestQuantity}")
                : Show(await carts.ChangeAsync(owner.UserId, book, quantity), context, purchases);
        });
        pages.MapPost("/checkout", async (HttpContext context, Sessions sessions, CartStore carts, Purchases purchases) =>
        {
            if (await sessions.OwnerAsync(context) is not { } owner)
                return LogInPage.Show("Bookstore", StatusCodes.Status401Unauthorized);
            if (await carts.FindAsync(owner.UserId) is not { Lines.Count: > 0 } cart)
                return Show(null, context, purchases);
            return BookHtml.Page("Order")
                .Lines("Your cart", cart.Lines)
                .Paragraph($"Together {Html.Money(cart.TotalCents)}")
                .Button("/order", "Order now", "checkout", await carts.BeginCheckoutAsync(cart.Id))
                .Finish(context, purchases, Books(cart));
        });
        pages.MapPost("/order", async (HttpContext context, Sessions sessions, OrderStore orders, Purchases purchases) =>
        {
            if (await sessions.OwnerAsync(context) is not { } owner)
                return LogInPage.Show("Bookstore", StatusCodes.Status401Unauthorized);
            var form = await context.Request.ReadFormAsync();
            return await orders.PlaceAsync(owner.UserId, form["checkout"].ToString()) is { } order
                ? BookHtml.Page("Thank you").Paragraph($"This is order {order}").Link("/me", "Your orders").Finish(context, purchases, [])
                : Show(null, context, purchases);
        });
        pages.MapGet("/me", async (HttpContext context, Sessions sessions, OrderStore orders, Purchases purchases) =>
        {
            if (await sessions.OwnerAsync(context) is not { } owner)
                return LogInPage.Show("Bookstore", StatusCodes.Status401Unauthorized);
            return await orders.LatestAsync(owner.UserId) is { } order
                ? BookHtml.Page(owner.Nickname)
                    .Lines($"Order {order.Id}, {Html.Money(order.TotalCents)}", order.Lines)
                    .Finish(context, purchases, order.Lines.Select(line => line.Book.Id))
                : BookHtml.Page(owner.Nickname).Paragraph("You have not ordered yet").Finish(context, purchases, []);
        });
    }

    private static IResult Show(Cart? cart, HttpContext context, Purchases purchases) => cart is { Lines.Count: > 0 }
        ? BookHtml.Page("Your cart").Lines("Books", cart.Lines).Paragraph($"Together {Html.Money(cart.TotalCents)}").Finish(
            context, purchases, Books(cart))
        : BookHtml.Page("Your cart").Paragraph("There is nothing in it").Finish(context, purchases, []);

    private static IEnumerable<int> Books(Cart cart) => cart.Lines.Select(line => line.Book.Id);

    private static int? Number(string? text, int largest) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number <= largest ? number : null;

    private static IResult Wrong(string field, string? value, string allowed) =>
        BookHtml.Page($"{field}: '{value}' is not allowed; {allowed} is").Result(StatusCodes.Status400BadRequest);
}
