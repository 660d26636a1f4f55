namespace JustRunIt.Auction.Application.Storage;

/// <summary>A category of items.</summary>
internal sealed record Category(int Id, string Name);

/// <summary>An item as a list shows it.</summary>
internal sealed record ItemSummary(int Id, string Name, long CurrentPriceCents, int BidCount);

/// <summary>One page of a list of items, at most <see cref="Paging.ItemsPerPage"/> of them.</summary>
internal sealed record ItemPage(string Title, int Page, bool HasNext, IReadOnlyList<ItemSummary> Items);

/// <summary>An item with its highest bids, highest first.</summary>
internal sealed record ItemDetails(
    int Id,
    string Name,
    string Description,
    Category Category,
    UserSummary Seller,
    long CurrentPriceCents,
    int BidCount,
    IReadOnlyList<Bid> HighestBids);

/// <summary>An item that a user puts up for sale.</summary>
internal sealed record NewItem(int SellerId, int CategoryId, string Name, string Description, long StartingPriceCents, int OpenDays);
