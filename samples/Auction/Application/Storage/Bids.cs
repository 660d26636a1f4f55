namespace JustRunIt.Auction.Application.Storage;

/// <summary>A bid as the history shows it.</summary>
internal sealed record Bid(UserSummary Bidder, long AmountCents);

/// <summary>The latest bids on an item, newest first, at most <see cref="Paging.BidsPerPage"/>.</summary>
internal sealed record BidHistory(string ItemName, IReadOnlyList<Bid> Bids);

/// <summary>Whether an offered bid became the highest, and the price in force after it.</summary>
internal sealed record BidOutcome(bool IsAccepted, long CurrentPriceCents);
