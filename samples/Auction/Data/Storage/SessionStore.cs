using JustRunIt.Auction.Shared.Contracts;
using Npgsql;

namespace JustRunIt.Auction.Data.Storage;

/// <summary>Sessions of logged-in users, under identifiers that the application tier issues.</summary>
internal sealed class SessionStore(NpgsqlDataSource database)
{
    public Task<SessionOwner?> FindAsync(string id) => database.FindAsync(
        "SELECT user_id, nickname FROM sessions WHERE id = $1", row => new SessionOwner(row.GetInt32(0), row.GetString(1)), id);

    public Task PutAsync(string id, SessionOwner owner) => database.ExecuteAsync(
        """
        INSERT INTO sessions (id, user_id, nickname) VALUES ($1, $2, $3)
        ON CONFLICT (id) DO UPDATE SET user_id = excluded.user_id, nickname = excluded.nickname
        """,
        id, owner.UserId, owner.Nickname);

    public Task RemoveAsync(string id) => database.ExecuteAsync("DELETE FROM sessions WHERE id = $1", id);
}
