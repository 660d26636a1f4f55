using JustRunIt.Samples.Databases;

namespace JustRunIt.Bookstore.Application.Storage;

/// <summary>Orders.</summary>
internal sealed class OrderStore(RequestConnection database, CartStore carts, TimeProvider clock)
{
    /// <summary>TPC-W, clause 2.7.3.3: stock that falls below ten is filled up by 21 copies.</summary>
    private const string Sell = "UPDATE books SET stock = IF(stock - ? < 10, stock - ? + 21, stock - ?), sold = sold + ? WHERE id = ?";

    /// <summary>Turns a cart into an order, once for each checkout. The order's number; null when there is nothing to order.</summary>
    public Task<long?> PlaceAsync(int userId, string checkout) => database.InTransactionAsync<long?>(async () =>
    {
        var (isFirst, _) = await database.ExecuteAsync("DELETE FROM checkouts WHERE token = ?", checkout);
        if (isFirst == 0 || await carts.FindAsync(userId) is not { Lines.Count: > 0 } cart)
            return null;
        var (_, order) = await database.ExecuteAsync(
            "INSERT INTO orders (user_id, total_cents, placed_at) VALUES (?, ?, ?)", userId, cart.TotalCents, ClockText.Iso(
                clock.GetUtcNow()));
        // In the order of their books, so that two orders never wait for each other in a circle.
        foreach (var (book, quantity) in cart.Lines)
        {
            await database.ExecuteAsync("INSERT INTO order_lines (order_id, book_id, quantity) VALUES (?, ?, ?)", order, book.Id, quantity);
            await database.ExecuteAsync(Sell, quantity, quantity, quantity, quantity, book.Id);
        }

        await database.ExecuteAsync("UPDATE carts SET is_ordered = 1 WHERE id = ?", cart.Id);
        return order;
    });

    /// <summary>The latest order of a user.</summary>
    public async Task<Order?> LatestAsync(int userId)
    {
        var order = await database.FindAsync(
            "SELECT id, total_cents FROM orders WHERE user_id = ? ORDER BY id DESC LIMIT 1", row => new Order(
                row.GetInt32(0), row.GetInt64(1), []), userId);
        return order is null
            ? null
            : order with
            {
                Lines = await database.ListAsync(
                    $"SELECT {BookStore.Columns}, l.quantity FROM order_lines l JOIN books b ON b.id = l.book_id WHERE l.order_id = ? "
                        + "ORDER BY b.id",
                    row => new Line(BookStore.Read(row), row.GetInt32(4)), order.Id),
            };
    }
}
