using JustRunIt.Auction.Shared.Contracts;
using Npgsql;

namespace JustRunIt.Auction.Data.Storage;

/// <summary>Bids. An item's later bid is always its higher one, so newest first is highest first.</summary>
internal sealed class BidStore(NpgsqlDataSource database)
{
    public const string SelectBids = "SELECT u.id, u.nickname, b.amount_cents, b.placed_at FROM bids b JOIN users u ON u.id = b.user_id";

    public static Bid ReadBid(NpgsqlDataReader row) =>
        new(new UserSummary(row.GetInt32(0), row.GetString(1)), row.GetInt64(2), row.GetFieldValue<DateTimeOffset>(3));

    public async Task<BidHistory?> HistoryAsync(int itemId)
    {
        var history = await database.FindAsync(
            "SELECT name, current_price_cents FROM items WHERE id = $1",
            row => new BidHistory(itemId, row.GetString(0), row.GetInt64(1), []), itemId);
        if (history is null)
            return null;
        var bids = await database.ListAsync($"{SelectBids} WHERE b.item_id = $1 ORDER BY b.id DESC LIMIT $2", ReadBid, itemId, Paging.BidsPerPage);
        return history with { Bids = [.. bids] };
    }

    /// <summary>Takes a bid when it is higher than the price in force and the auction is open; null when there is no such item.</summary>
    public async Task<BidOutcome?> PlaceAsync(int itemId, NewBid bid)
    {
        // One statement: the row lock of the update orders competing bids, and a bid is recorded only if its update happened.
        var accepted = await database.FindAsync(
            """
            WITH accepted AS (
                UPDATE items SET current_price_cents = $2, bid_count = bid_count + 1
                WHERE id = $1 AND current_price_cents < $2 AND closes_at > $4 RETURNING id)
            INSERT INTO bids (item_id, user_id, amount_cents, placed_at) SELECT id, $3, $2, $4 FROM accepted RETURNING amount_cents
            """,
            row => new BidOutcome(true, row.GetInt64(0)), itemId, bid.AmountCents, bid.UserId, bid.PlacedAt.UtcDateTime);
        return accepted ?? await database.FindAsync(
            "SELECT current_price_cents FROM items WHERE id = $1", row => new BidOutcome(false, row.GetInt64(0)), itemId);
    }
}
