using JustRunIt.Auction.Application.Storage;
using JustRunIt.Samples.Hosting;

namespace JustRunIt.Auction.Application.Pages;

/// <summary>What the auction's pages are made of.</summary>
internal static class AuctionHtml
{
    public static Html Page(string title) => new("Auction", title);

    public static Html Items(this Html page, string heading, IEnumerable<ItemSummary> items) =>
        page.List(
            heading, items.Select(item => ($"/item/{item.Id}", item.Name, $"{Html.Money(item.CurrentPriceCents)}, {item.BidCount} bids")));

    public static Html Bids(this Html page, IEnumerable<Bid> bids) =>
        page.List("Bids", bids.Select(bid => ($"/user/{bid.Bidder.Id}", bid.Bidder.Nickname, Html.Money(bid.AmountCents))));

    public static Html Recommendations(this Html page, IEnumerable<int> items) =>
        page.List("You may also like", items.Select(item => ($"/item/{item}", $"item {item}", "")));
}
