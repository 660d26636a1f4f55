namespace JustRunIt.Auction.Database;

/// <summary>Tables and indexes, beside those of users and sessions.</summary>
internal static class Schema
{
    public const string Sql =
        """
        CREATE TABLE categories (id INT PRIMARY KEY, name VARCHAR(60) NOT NULL);
        CREATE TABLE items (
            id INT AUTO_INCREMENT PRIMARY KEY,
            seller_id INT NOT NULL,
            category_id INT NOT NULL,
            name VARCHAR(200) NOT NULL,
            description TEXT NOT NULL,
            current_price_cents BIGINT NOT NULL,
            bid_count INT NOT NULL DEFAULT 0,
            closes_at DATETIME NOT NULL,
            FOREIGN KEY (seller_id) REFERENCES users (id),
            FOREIGN KEY (category_id) REFERENCES categories (id),
            INDEX items_category (category_id, id),
            INDEX items_seller (seller_id, id),
            INDEX items_popular (bid_count DESC, id),
            FULLTEXT INDEX items_words (name));
        CREATE TABLE bids (
            id BIGINT AUTO_INCREMENT PRIMARY KEY,
            item_id INT NOT NULL,
            user_id INT NOT NULL,
            amount_cents BIGINT NOT NULL,
            placed_at DATETIME NOT NULL,
            FOREIGN KEY (item_id) REFERENCES items (id),
            FOREIGN KEY (user_id) REFERENCES users (id),
            INDEX bids_item (item_id, id),
            INDEX bids_user (user_id, id));
        """;
}
