using JustRunIt.Auction.Shared.Contracts;
using Npgsql;

namespace JustRunIt.Auction.Data.Storage;

/// <summary>Users.</summary>
internal sealed class UserStore(NpgsqlDataSource database)
{
    public async Task<UserProfile?> FindAsync(int userId)
    {
        var profile = await database.FindAsync(
            "SELECT nickname, region, rating FROM users WHERE id = $1",
            row => new UserProfile(userId, row.GetString(0), row.GetString(1), row.GetInt32(2), []), userId);
        if (profile is null)
            return null;
        var selling = await database.ListAsync(
            $"SELECT {ItemStore.SummaryColumns} FROM items i WHERE i.seller_id = $1 ORDER BY i.id DESC LIMIT $2",
            ItemStore.ReadSummary, userId, Paging.ItemsOnUser);
        return profile with { Selling = [.. selling] };
    }

    public async Task<Account?> AccountAsync(int userId)
    {
        if (await FindAsync(userId) is not { } profile)
            return null;

        // The latest bids first, then their items: bounded work however many bids a user has placed.
        var bidOn = await database.ListAsync(
            $"""
            SELECT {ItemStore.SummaryColumns} FROM items i
            WHERE i.id IN (SELECT item_id FROM bids WHERE user_id = $1 ORDER BY id DESC LIMIT $2) ORDER BY i.id
            """,
            ItemStore.ReadSummary, userId, Paging.ItemsOnUser);
        return new Account(profile, [.. bidOn]);
    }

    public Task<Credentials?> CredentialsAsync(string nickname) => database.FindAsync(
        "SELECT id, nickname, password_hash FROM users WHERE nickname = $1",
        row => new Credentials(row.GetInt32(0), row.GetString(1), row.GetString(2)), nickname);

    /// <summary>Registers a user; null when the nickname is taken.</summary>
    public Task<Created?> AddAsync(NewUser user) => database.FindAsync(
        "INSERT INTO users (nickname, password_hash, region) VALUES ($1, $2, $3) ON CONFLICT (nickname) DO NOTHING RETURNING id",
        row => new Created(row.GetInt32(0)), user.Nickname, user.PasswordHash, user.Region);
}
