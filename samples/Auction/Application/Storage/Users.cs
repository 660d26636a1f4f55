namespace JustRunIt.Auction.Application.Storage;

/// <summary>A user as others see it in a list.</summary>
internal sealed record UserSummary(int Id, string Nickname);

/// <summary>A user's public page: latest items for sale.</summary>
internal sealed record UserProfile(string Nickname, string Region, int Rating, IReadOnlyList<ItemSummary> Selling);

/// <summary>A user's own page: latest items for sale and latest items bid on.</summary>
internal sealed record Account(UserProfile Profile, IReadOnlyList<ItemSummary> BidOn);
