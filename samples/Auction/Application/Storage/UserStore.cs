using JustRunIt.Samples.Databases;

namespace JustRunIt.Auction.Application.Storage;

/// <summary>Users.</summary>
internal sealed class UserStore(RequestConnection database)
{
    public async Task<UserProfile?> FindAsync(int userId)
    {
        var profile = await database.FindAsync(
            "SELECT nickname, region, rating FROM users WHERE id = ?",
            row => new UserProfile(row.GetString(0), row.GetString(1), row.GetInt32(2), []), userId);
        return profile is null
            ? null
            : profile with
            {
                Selling = await database.ListAsync(
                    $"SELECT {ItemStore.SummaryColumns} FROM items i WHERE i.seller_id = ? ORDER BY i.id DESC LIMIT ?",
                    ItemStore.ReadSummary, userId, Paging.ItemsOnUser),
            };
    }

    /// <summary>The latest bids first, then their items: bounded work however many bids a user has placed.</summary>
    public async Task<Account?> AccountAsync(int userId) => await FindAsync(userId) is { } profile
        ? new Account(profile, await database.ListAsync(
            $"SELECT DISTINCT {ItemStore.SummaryColumns} FROM (SELECT item_id FROM bids WHERE user_id = ? ORDER BY id DESC LIMIT ?) b "
                + "JOIN items i ON i.id = b.item_id ORDER BY i.id",
            ItemStore.ReadSummary, userId, Paging.ItemsOnUser))
        : null;
}
