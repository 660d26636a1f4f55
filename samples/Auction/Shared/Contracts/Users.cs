namespace JustRunIt.Auction.Shared.Contracts;

/// <summary>A user as others see it in a list.</summary>
public sealed record UserSummary(int Id, string Nickname);

/// <summary>A user's public page: latest items for sale.</summary>
public sealed record UserProfile(int Id, string Nickname, string Region, int Rating, ItemSummary[] Selling);

/// <summary>A user's own page: latest items for sale and latest items bid on.</summary>
public sealed record Account(UserProfile Profile, ItemSummary[] BidOn);

/// <summary>What a login is checked against.</summary>
public sealed record Credentials(int Id, string Nickname, string PasswordHash);

/// <summary>A user to be registered.</summary>
public sealed record NewUser(string Nickname, string PasswordHash, string Region);

/// <summary>Who a session belongs to; kept in the data tier so that any instance of the application tier can serve any session.</summary>
public sealed record SessionOwner(int UserId, string Nickname);
