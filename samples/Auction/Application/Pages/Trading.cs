using System.Globalization;
using JustRunIt.Auction.Application.Ranking;
using JustRunIt.Auction.Application.Storage;
using JustRunIt.Samples.Hosting;

namespace JustRunIt.Auction.Application.Pages;

/// <summary>The pages of a user who is logged in; anybody else is asked to log in.</summary>
internal static class Trading
{
    private const int OnTrades = 24;
    private const int OpenDays = 7;

    public static void MapTrading(this IEndpointRouteBuilder routes)
    {
        routes.MapLogIn("Auction", "/me");
        routes.MapGet("/me", async (HttpContext context, Sessions sessions, UserStore data, Recommender recommender) =>
        {
            if (await sessions.OwnerAsync(context) is not { } owner || await data.AccountAsync(owner.UserId) is not { } account)
                return LogInPage.Show("Auction", StatusCodes.Status401Unauthorized);
            return AuctionHtml.Page(account.Profile.Nickname)
                .Items("For sale", account.Profile.Selling)
                .Items("Bid on", account.BidOn)
                .Form("/sell", "category", "name", "description", "price")
                .Recommendations(recommender.Recommend(Browsing.Names(account.BidOn.Select(item => item.Name)), OnTrades))
                .Result();
        });
        routes.MapGet("/item/{id:int}/bid",
        async (int id, HttpContext context, Sessions sessions, ItemStore data, Recommender recommender) =>
        {
            if (await sessions.OwnerAsync(context) is null)
                return LogInPage.Show("Auction", StatusCodes.Status401Unauthorized);
            return await data.FindAsync(id) is { } item
                ? AuctionHtml.Page($"Bid on {item.Name}")
                    .Paragraph($"Current price {Html.Money(item.CurrentPriceCents)}")
                    .Form($"/item/{id}/bid", "amount")
                    .Recommendations(recommender.Recommend(item.Description, OnTrades))
                    .Result()
                : Browsing.NotFound();
        });
        routes.MapPost("/item/{id:int}/bid",
        async (int id, HttpContext context, Sessions sessions, BidStore data, Recommender recommender) =>
        {
            if (await sessions.OwnerAsync(context) is not { } owner)
                return LogInPage.Show("Auction", StatusCodes.Status401Unauthorized);
            var form = await context.Request.ReadFormAsync();
            if (!decimal.TryParse(
                form["amount"], NumberStyles.Number, CultureInfo.InvariantCulture, out var amount) || amount is <= 0 or > 10_000_000)
                return AuctionHtml.Page($"amount: '{form["amount"]}' is not allowed; a sum from 0.01 to 10000000 is").Result(
                    StatusCodes.Status400BadRequest);
            var outcome = await data.PlaceAsync(id, owner.UserId, (long)(amount * 100));
            return outcome is null
                ? Browsing.NotFound()
                : AuctionHtml.Page(outcome.IsAccepted ? "Your bid is the highest" : "Somebody has bid more")
                    .Paragraph($"Current price {Html.Money(outcome.CurrentPriceCents)}")
                    .Link($"/item/{id}", "Back to the item")
                    .Recommendations(recommender.Recommend($"item {id}", OnTrades))
                    .Result();
        });
        routes.MapPost("/sell", async (HttpContext context, Sessions sessions, ItemStore data, Recommender recommender) =>
        {
            if (await sessions.OwnerAsync(context) is not { } owner)
                return LogInPage.Show("Auction", StatusCodes.Status401Unauthorized);
            var form = await context.Request.ReadFormAsync();
            var (name, description) = (form["name"].ToString(), form["description"].ToString());
            var created = int.TryParse(form["category"], CultureInfo.InvariantCulture, out var category)
                && decimal.TryParse(
                    form["price"], NumberStyles.Number, CultureInfo.InvariantCulture, out var price) && price is > 0 and <= 10_000_000
                && name.Length is > 0 and <= 200
                    ? await data.AddAsync(new NewItem(owner.UserId, category, name, description, (long)(price * 100), OpenDays))
                    : null;
            return created is not { } item
                ? AuctionHtml.Page("An item needs a category, a name and a price").Result(StatusCodes.Status400BadRequest)
                : AuctionHtml.Page("Your item is for sale")
                    .Link($"/item/{item}", name)
                    .Recommendations(recommender.Recommend(description, OnTrades))
                    .Result();
        });
    }
}
