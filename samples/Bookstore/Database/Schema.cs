namespace JustRunIt.Bookstore.Database;

/// <summary>Tables and indexes, beside those of users and sessions; after TPC-W's (clause 1.4), with fewer columns.</summary>
internal static class Schema
{
    public const string Sql =
        """
        CREATE TABLE books (
            id INT AUTO_INCREMENT PRIMARY KEY,
            title VARCHAR(100) NOT NULL,
            author VARCHAR(60) NOT NULL,
            subject_id INT NOT NULL,
            price_cents BIGINT NOT NULL,
            stock INT NOT NULL,
            sold INT NOT NULL DEFAULT 0,
            published_on DATE NOT NULL,
            INDEX books_new (subject_id, published_on, id),
            INDEX books_best (subject_id, sold, id),
            FULLTEXT INDEX books_words (title));
        CREATE TABLE carts (
            id INT AUTO_INCREMENT PRIMARY KEY,
            user_id INT NOT NULL,
            is_ordered TINYINT NOT NULL DEFAULT 0,
            changed_at DATETIME(3) NOT NULL,
            FOREIGN KEY (user_id) REFERENCES users (id),
            INDEX carts_open (user_id, is_ordered, id));
        CREATE TABLE cart_lines (
            cart_id INT NOT NULL,
            book_id INT NOT NULL,
            quantity INT NOT NULL,
            PRIMARY KEY (cart_id, book_id),
            FOREIGN KEY (cart_id) REFERENCES carts (id),
            FOREIGN KEY (book_id) REFERENCES books (id));
        CREATE TABLE checkouts (
            token CHAR(32) CHARACTER SET latin1 PRIMARY KEY,
            cart_id INT NOT NULL,
            begun_at DATETIME NOT NULL);
        CREATE TABLE orders (
            id INT AUTO_INCREMENT PRIMARY KEY,
            user_id INT NOT NULL,
            total_cents BIGINT NOT NULL,
            placed_at DATETIME(3) NOT NULL,
            FOREIGN KEY (user_id) REFERENCES users (id),
            INDEX orders_user (user_id, id));
        CREATE TABLE order_lines (
            order_id INT NOT NULL,
            book_id INT NOT NULL,
            quantity INT NOT NULL,
            PRIMARY KEY (order_id, book_id),
            FOREIGN KEY (order_id) REFERENCES orders (id),
            FOREIGN KEY (book_id) REFERENCES books (id));
        """;
}
