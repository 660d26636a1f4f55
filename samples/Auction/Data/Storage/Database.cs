using JustRunIt.Auction.Shared.CommandLine;
using Npgsql;

namespace JustRunIt.Auction.Data.Storage;

/// <summary>Brings a database into the state that the tier needs: existing, with its tables, seeded once.</summary>
internal static class Database
{
    /// <summary>Any number that this sample alone uses: the lock that lets one of several starting tiers seed.</summary>
    private const long SeedLock = 0x4155_4354;

    public static async Task<NpgsqlDataSource> OpenAsync(DataOptions options)
    {
        await CreateIfMissingAsync(new NpgsqlConnectionStringBuilder(options.Database));
        var source = new NpgsqlSlimDataSourceBuilder(options.Database).Build();
        try
        {
            await using var connection = await source.OpenConnectionAsync();
            await using var transaction = await connection.BeginTransactionAsync();
            await ExecuteAsync(connection, $"SELECT pg_advisory_xact_lock({SeedLock})");
            await ExecuteAsync(connection, Schema.Sql);
            if (await FindSeedAsync(connection) is { } seeded)
            {
                if (seeded != (options.Items, options.Users))
                {
                    throw new UsageException(
                        $"--items: the database was seeded with --items {seeded.Items} --users {seeded.Users}; give the same, or another database");
                }
            }
            else
            {
                await Seeder.SeedAsync(connection, options.Items, options.Users);
            }

            await transaction.CommitAsync();
            return source;
        }
        catch
        {
            await source.DisposeAsync();
            throw;
        }
    }

    private static async Task CreateIfMissingAsync(NpgsqlConnectionStringBuilder target)
    {
        var name = target.Database!;
        var maintenance = new NpgsqlConnectionStringBuilder(target.ConnectionString) { Database = "postgres", Pooling = false };
        await using var connection = new NpgsqlConnection(maintenance.ConnectionString);
        await connection.OpenAsync();
        await using (var exists = new NpgsqlCommand("SELECT 1 FROM pg_database WHERE datname = $1", connection) { Parameters = { new() { Value = name } } })
        {
            if (await exists.ExecuteScalarAsync() is not null)
                return;
        }

        try
        {
            await ExecuteAsync(connection, $"CREATE DATABASE \"{name.Replace("\"", "\"\"")}\"");
        }
        catch (PostgresException problem) when (problem.SqlState is PostgresErrorCodes.DuplicateDatabase or PostgresErrorCodes.UniqueViolation)
        {
            // Another tier of the same service created it between the question and the command.
        }
    }

    private static async Task<(int Items, int Users)?> FindSeedAsync(NpgsqlConnection connection)
    {
        await using var command = new NpgsqlCommand("SELECT items, users FROM seed", connection);
        await using var reader = await command.ExecuteReaderAsync();
        return await reader.ReadAsync() ? (reader.GetInt32(0), reader.GetInt32(1)) : null;
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }
}
