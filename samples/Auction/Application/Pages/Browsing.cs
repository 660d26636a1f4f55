using JustRunIt.Auction.Application.Ranking;
using JustRunIt.Auction.Application.Storage;
using JustRunIt.Samples.Hosting;

namespace JustRunIt.Auction.Application.Pages;

/// <summary>The pages that anybody may read.</summary>
internal static class Browsing
{
    // How many recommendations a page has, and so what it costs.
    private const int OnLists = 14;
    private const int OnItems = 20;
    private const int OnSearches = 26;

    public static void MapBrowsing(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/", async (ItemStore data, Recommender recommender) =>
        {
            var page = AuctionHtml.Page("Auction");
            foreach (var category in await data.CategoriesAsync())
                page.Link($"/category/{category.Id}", category.Name);
            var popular = await data.PopularAsync();
            return page
                .Items("Popular", popular)
                .Recommendations(recommender.Recommend(Names(popular.Select(item => item.Name)), OnLists))
                .Result();
        });
        routes.MapGet("/category/{id:int}", async (int id, int? page, ItemStore data, Recommender recommender) =>
            await data.InCategoryAsync(id, page ?? 1) is { } items
                ? List(items, $"/category/{id}?page=", recommender, OnLists)
                : NotFound());
        routes.MapGet("/search", async (string q, int? page, ItemStore data, Recommender recommender) =>
            await data.SearchAsync(q, page ?? 1) is { } items
                ? List(items, $"/search?q={Uri.EscapeDataString(q)}&page=", recommender, OnSearches)
                : NotFound());
        routes.MapGet("/item/{id:int}", async (int id, ItemStore data, Recommender recommender) => await data.FindAsync(id) is { } item
            ? AuctionHtml.Page(item.Name)
                .Paragraph(item.Description)
                .Paragraph($"{Html.Money(item.CurrentPriceCents)} after {item.BidCount} bids")
                .Link($"/category/{item.Category.Id}", item.Category.Name)
                .Link($"/user/{item.Seller.Id}", item.Seller.Nickname)
                .Link($"/item/{item.Id}/bids", "All bids")
                .Link($"/item/{item.Id}/bid", "Bid")
                .Bids(item.HighestBids)
                .Recommendations(recommender.Recommend(item.Description, OnItems))
                .Result()
            : NotFound());
        routes.MapGet("/item/{id:int}/bids", async (int id, BidStore data, Recommender recommender) =>
            await data.HistoryAsync(id) is { } history
            ? AuctionHtml
                .Page(history.ItemName)
                .Bids(history.Bids)
                .Recommendations(recommender.Recommend(history.ItemName, OnLists))
                .Result()
            : NotFound());
        routes.MapGet("/user/{id:int}", async (int id, UserStore data, Recommender recommender) => await data.FindAsync(id) is { } user
            ? AuctionHtml.Page(user.Nickname)
                .Paragraph($"{user.Region}, rating {user.Rating}")
                .Items("For sale", user.Selling)
                .Recommendations(recommender.Recommend(Names(user.Selling.Select(item => item.Name)), OnLists))
                .Result()
            : NotFound());
    }

    public static IResult NotFound() => AuctionHtml.Page("There is no such page").Result(StatusCodes.Status404NotFound);

    public static string Names(IEnumerable<string> names) => string.Join(' ', names);

    private static IResult List(ItemPage items, string address, Recommender recommender, int recommendations)
    {
        var html = AuctionHtml.Page(items.Title).Items("Items", items.Items);
        if (items.HasNext)
            html.Link(address + (items.Page + 1), "More");
        return html.Recommendations(recommender.Recommend(Names(items.Items.Select(item => item.Name)), recommendations)).Result();
    }
}
