namespace JustRunIt.Auction.Shared.Contracts;

/// <summary>A category of items.</summary>
public sealed record Category(int Id, string Name);

/// <summary>An item as a list shows it.</summary>
public sealed record ItemSummary(int Id, string Name, long CurrentPriceCents, int BidCount);

/// <summary>One page of a list of items, at most <see cref="Paging.ItemsPerPage"/> of them.</summary>
public sealed record ItemPage(string Title, int Page, bool HasNext, ItemSummary[] Items);

/// <summary>An item with its highest bids, highest first.</summary>
public sealed record ItemDetails(
    int Id,
    string Name,
    string Description,
    Category Category,
    UserSummary Seller,
    long CurrentPriceCents,
    int BidCount,
    DateTimeOffset ClosesAt,
    Bid[] HighestBids);

/// <summary>An item that a user puts up for sale; the data tier sets when it closes.</summary>
public sealed record NewItem(int SellerId, int CategoryId, string Name, string Description, long StartingPriceCents, int OpenDays);

/// <summary>The identifier that the data tier gave to something new.</summary>
public sealed record Created(int Id);
