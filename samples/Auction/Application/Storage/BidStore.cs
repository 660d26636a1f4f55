using JustRunIt.Samples.Databases;
using MySqlConnector;

namespace JustRunIt.Auction.Application.Storage;

/// <summary>Bids. An item's later bid is always its higher one, so newest first is highest first.</summary>
internal sealed class BidStore(RequestConnection database, TimeProvider clock)
{
    public const string SelectBids = "SELECT u.id, u.nickname, b.amount_cents FROM bids b JOIN users u ON u.id = b.user_id";

    public static Bid ReadBid(MySqlDataReader row) => new(new UserSummary(row.GetInt32(0), row.GetString(1)), row.GetInt64(2));

    public async Task<BidHistory?> HistoryAsync(int itemId) =>
        await database.FindAsync("SELECT name FROM items WHERE id = ?", row => row.GetString(0), itemId) is { } name
            ? new BidHistory(name, await database.ListAsync(
                $"{SelectBids} WHERE b.item_id = ? ORDER BY b.id DESC LIMIT ?", ReadBid, itemId, Paging.BidsPerPage))
            : null;

    /// <summary>Takes a bid when it is higher than the price in force and the auction is open; null when there is no such item.</summary>
    public async Task<BidOutcome?> PlaceAsync(int itemId, int userId, long amountCents)
    {
        var now = ClockText.Unpadded(clock.GetUtcNow());
        // The row lock of the update orders competing bids, and a bid is recorded only if its update happened.
        var isAccepted = await database.InTransactionAsync(async () =>
        {
            var (rows, _) = await database.ExecuteAsync(
                "UPDATE items SET current_price_cents = ?, bid_count = bid_count + 1 WHERE id = ? AND current_price_cents < ? AND "
                    + "closes_at > ?",
                amountCents, itemId, amountCents, now);
            if (rows > 0)
                await database.ExecuteAsync(
                    "INSERT INTO bids (item_id, user_id, amount_cents, placed_at) VALUES (?, ?, ?, ?)", itemId, userId, amountCents, now);
            return rows > 0;
        });
        return isAccepted
            ? new BidOutcome(true, amountCents)
            : await database.FindAsync(
                "SELECT current_price_cents FROM items WHERE id = ?", row => new BidOutcome(false, row.GetInt64(0)), itemId);
    }
}
