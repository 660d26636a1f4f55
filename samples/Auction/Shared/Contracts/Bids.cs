namespace JustRunIt.Auction.Shared.Contracts;

/// <summary>A bid as the history shows it.</summary>
public sealed record Bid(UserSummary Bidder, long AmountCents, DateTimeOffset PlacedAt);

/// <summary>The latest bids on an item, newest first, at most <see cref="Paging.BidsPerPage"/>.</summary>
public sealed record BidHistory(int ItemId, string ItemName, long CurrentPriceCents, Bid[] Bids);

/// <summary>A bid that is offered. <paramref name="PlacedAt"/> is the clock of the application tier: two runs of one request differ in it.</summary>
public sealed record NewBid(int UserId, long AmountCents, DateTimeOffset PlacedAt);

/// <summary>Whether an offered bid became the highest, and the price in force after it.</summary>
public sealed record BidOutcome(bool IsAccepted, long CurrentPriceCents);
