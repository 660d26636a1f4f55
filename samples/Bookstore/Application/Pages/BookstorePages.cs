using System.Text.RegularExpressions;
using JustRunIt.Bookstore.Application.Ranking;
using JustRunIt.Bookstore.Application.Storage;
using JustRunIt.Samples.Core;
using JustRunIt.Samples.Hosting;

namespace JustRunIt.Bookstore.Application.Pages;

/// <summary>All pages of the bookstore.</summary>
/// <param name="purchases">Makes what a page costs.</param>
internal sealed partial class BookstorePages(Purchases purchases) : ApplicationPages
{
    private static readonly string[] Pages = ["/", "/new/1", "/best/1", "/search?q=river", "/book/1", "/login", "/cart", "/me"];

    /// <inheritdoc />
    public override void Add(IServiceCollection services) => services
        .AddSingleton(TimeProvider.System)
        .AddSingleton(purchases)
        .AddScoped<BookStore>()
        .AddScoped<CartStore>()
        .AddScoped<OrderStore>();

    /// <inheritdoc />
    public override void Map(IEndpointRouteBuilder routes)
    {
        routes.MapBrowsing();
        routes.MapBuying();
    }

    /// <inheritdoc />
    public override async Task VisitAsync(HttpClient client)
    {
        await client.LogInAsync();
        foreach (var page in Pages)
            await client.GetStringAsync(page);
        await client.PostAsync("/cart", ("book", "1"));
        await client.PostAsync("/cart/change", ("book", "1"), ("quantity", "2"));
        await client.PostAsync("/cart/change", ("book", "1"), ("quantity", "0"));
        var checkout = Checkout().Match(await client.PostAsync("/checkout")).Groups[1].Value;
        await client.PostAsync("/order", ("checkout", checkout));
    }

    /// <inheritdoc />
    public override object[]? RowOf(string sql) => sql switch
    {
        _ when !sql.StartsWith("SELECT", StringComparison.Ordinal) => null,
        _ when sql.Contains("FROM sessions", StringComparison.Ordinal) => [1, "nobody"],
        _ when sql.StartsWith("SELECT id, password_hash", StringComparison.Ordinal) => [1, PasswordHash.Of("bookstore", "nobody", "none")],
        _ when sql.Contains("FROM carts", StringComparison.Ordinal) => [1],
        _ when sql.Contains("FROM orders", StringComparison.Ordinal) => [1, 100L],
        _ when sql.Contains("l.quantity", StringComparison.Ordinal) => [1, "nothing", "nobody", 100L, 1],
        _ when sql.Contains("b.stock", StringComparison.Ordinal) => [1, "nothing", "nobody", 100L, 1, 10, 0],
        _ => [1, "nothing", "nobody", 100L],
    };

    [GeneratedRegex("name=\"checkout\" value=\"([0-9a-f]+)\"")]
    private static partial Regex Checkout();
}
