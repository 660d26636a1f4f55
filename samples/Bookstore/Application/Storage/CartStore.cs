using JustRunIt.Samples.Databases;
using JustRunIt.Samples.Hosting;

namespace JustRunIt.Bookstore.Application.Storage;

/// <summary>Carts: a user has at most one that is not ordered.</summary>
internal sealed class CartStore(RequestConnection database, TimeProvider clock)
{
    private const string SelectLines =
        $"SELECT {BookStore.Columns}, l.quantity FROM cart_lines l JOIN books b ON b.id = l.book_id WHERE l.cart_id = ? ORDER BY b.id";

    public async Task<Cart?> FindAsync(int userId)
    {
        var id = await database.FindAsync(
            "SELECT id FROM carts WHERE user_id = ? AND is_ordered = 0 ORDER BY id DESC LIMIT 1", row => new
            {
                Id = row.GetInt32(0)
            }, userId);
        return id is null ? null : new Cart(
            id.Id, await database.ListAsync(SelectLines, row => new Line(BookStore.Read(row), row.GetInt32(4)), id.Id));
    }

    /// <summary>Puts one more copy of a book into the cart, which is begun when there is none.</summary>
    public async Task<Cart> AddAsync(int userId, int bookId)
    {
        var now = ClockText.Iso(clock.GetUtcNow());
        var cart = (await FindAsync(userId))?.Id
            ?? (int)(await database.ExecuteAsync("INSERT INTO carts (user_id, changed_at) VALUES (?, ?)", userId, now)).Id;
        await database.ExecuteAsync(
            "INSERT INTO cart_lines (cart_id, book_id, quantity) VALUES (?, ?, 1) ON DUPLICATE KEY UPDATE quantity = quantity + 1",
            cart,
            bookId);
        await database.ExecuteAsync("UPDATE carts SET changed_at = ? WHERE id = ?", now, cart);
        return (await FindAsync(userId))!;
    }

    /// <summary>Changes how many copies of a book there are; none removes it.</summary>
    public async Task<Cart?> ChangeAsync(int userId, int bookId, int quantity)
    {
        if (await FindAsync(userId) is not { } cart)
            return null;
        if (quantity == 0)
            await database.ExecuteAsync("DELETE FROM cart_lines WHERE cart_id = ? AND book_id = ?", cart.Id, bookId);
        else
            await database.ExecuteAsync("UPDATE cart_lines SET quantity = ? WHERE cart_id = ? AND book_id = ?", quantity, cart.Id, bookId);
        await database.ExecuteAsync("UPDATE carts SET changed_at = ? WHERE id = ?", ClockText.Iso(clock.GetUtcNow()), cart.Id);
        return await FindAsync(userId);
    }

    /// <summary>A name for this attempt to order, good for one order.</summary>
    public async Task<string> BeginCheckoutAsync(int cartId)
    {
        var token = Sessions.Token();
        await database.ExecuteAsync("INSERT INTO checkouts (token, cart_id, begun_at) VALUES (?, ?, NOW())", token, cartId);
        return token;
    }
}
