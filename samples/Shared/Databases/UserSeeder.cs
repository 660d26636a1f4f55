using JustRunIt.Samples.Core;
using JustRunIt.Samples.Core.Seeding;
using MySqlConnector;

namespace JustRunIt.Samples.Databases;

/// <summary>Users and their sessions, as any sample has them.</summary>
public static class UserSeeder
{
    /// <summary>The tables.</summary>
    public const string Schema =
        """
        CREATE TABLE users (
            id INT AUTO_INCREMENT PRIMARY KEY,
            nickname VARCHAR(60) NOT NULL UNIQUE,
            password_hash CHAR(64) NOT NULL,
            region VARCHAR(20) NOT NULL,
            rating INT NOT NULL DEFAULT 0);
        CREATE TABLE sessions (
            id CHAR(32) CHARACTER SET latin1 PRIMARY KEY,
            user_id INT NOT NULL REFERENCES users (id),
            nickname VARCHAR(60) NOT NULL,
            created_at DATETIME NOT NULL);
        """;

    private static readonly string[] Regions = ["North", "East", "South", "West"];

    /// <summary>Makes the tables and fills them with users, the same every time.</summary>
    public static async Task SeedUsersAsync(this MySqlConnection connection, string sample, int users)
    {
        await connection.RunAsync(Schema);
        await connection.InsertAsync("users (id, nickname, password_hash, region, rating)",
            Enumerable.Range(1, users).Select(id => new object[]
        {
            id, SeedUser.Nickname(
                id), PasswordHash.Of(sample, SeedUser.Nickname(id), SeedUser.Password(id)), Regions[id % Regions.Length], id % 100,
        }));
    }

    /// <summary>Runs statements, separated by semicolons.</summary>
    public static async Task RunAsync(this MySqlConnection connection, string sql)
    {
        await using var command = new MySqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }
}
