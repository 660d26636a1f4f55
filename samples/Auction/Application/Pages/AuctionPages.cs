using JustRunIt.Auction.Application.Ranking;
using JustRunIt.Auction.Application.Storage;
using JustRunIt.Samples.Core;
using JustRunIt.Samples.Hosting;

namespace JustRunIt.Auction.Application.Pages;

/// <summary>All pages of the auction.</summary>
/// <param name="recommender">Makes what a page costs.</param>
internal sealed class AuctionPages(Recommender recommender) : ApplicationPages
{
    private static readonly string[] Pages = [
        "/", "/category/1", "/search?q=antique", "/item/1", "/item/1/bids", "/user/1", "/login", "/me", "/item/1/bid"
    ];

    /// <inheritdoc />
    public override void Add(IServiceCollection services) => services
        .AddSingleton(TimeProvider.System)
        .AddSingleton(recommender)
        .AddScoped<ItemStore>()
        .AddScoped<BidStore>()
        .AddScoped<UserStore>();

    /// <inheritdoc />
    public override void Map(IEndpointRouteBuilder routes)
    {
        routes.MapBrowsing();
        routes.MapTrading();
    }

    /// <inheritdoc />
    public override IReadOnlyDictionary<string, long> Counts() => recommender.Counts();

    /// <inheritdoc />
    public override async Task VisitAsync(HttpClient client)
    {
        await client.LogInAsync();
        foreach (var page in Pages)
            await client.GetStringAsync(page);
        await client.PostAsync("/item/1/bid", ("amount", "1.00"));
        await client.PostAsync("/sell", ("category", "1"), ("name", "nothing"), ("description", "none"), ("price", "1.00"));
    }

    /// <inheritdoc />
    public override object[]? RowOf(string sql) => sql switch
    {
        _ when !sql.StartsWith("SELECT", StringComparison.Ordinal) => null,
        _ when sql.Contains("FROM sessions", StringComparison.Ordinal) => [1, "nobody"],
        _ when sql.StartsWith("SELECT id, password_hash", StringComparison.Ordinal) => [1, PasswordHash.Of("auction", "nobody", "none")],
        _ when sql.StartsWith("SELECT id, name FROM categories", StringComparison.Ordinal) => [1, "Art"],
        _ when sql.StartsWith("SELECT nickname", StringComparison.Ordinal) => ["nobody", "North", 0],
        _ when sql.StartsWith("SELECT name", StringComparison.Ordinal) => ["Art"],
        _ when sql.StartsWith("SELECT current_price_cents", StringComparison.Ordinal) => [100L],
        _ when sql.StartsWith("SELECT i.name", StringComparison.Ordinal) => ["nothing", "antique restored", 1, "Art", 1, "nobody", 100L, 1],
        _ when sql.StartsWith(BidStore.SelectBids, StringComparison.Ordinal) => [1, "nobody", 100L],
        _ => [1, "nothing", 100L, 1],
    };
}
