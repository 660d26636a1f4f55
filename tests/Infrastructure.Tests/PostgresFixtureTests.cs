using JustRunIt.Infrastructure;
using Npgsql;

namespace JustRunIt.Infrastructure.Tests;

public sealed class PostgresFixtureTests
{
    [Fact]
    public async Task The_database_answers_a_query()
    {
        await using var database = await Database.CreateAsync();

        Assert.Equal(1, await database.ScalarAsync("SELECT 1"));
    }

    [Fact]
    public async Task What_one_fixture_writes_another_does_not_see()
    {
        await using var one = await Database.CreateAsync();
        await using var other = await Database.CreateAsync();

        await one.ScalarAsync("CREATE TABLE bids (amount int)");

        Assert.Equal(1L, await one.ScalarAsync("SELECT count(*) FROM pg_tables WHERE tablename = 'bids'"));
        Assert.Equal(0L, await other.ScalarAsync("SELECT count(*) FROM pg_tables WHERE tablename = 'bids'"));
    }

    [Fact]
    public async Task The_database_is_gone_after_the_fixture_although_a_connection_was_left_open()
    {
        var fixture = new PostgresFixture();
        await fixture.InitializeAsync();
        await using var forgotten = new NpgsqlConnection(fixture.ConnectionString);
        await forgotten.OpenAsync();

        await fixture.DisposeAsync();

        await using var server = NpgsqlDataSource.Create(fixture.Server.ConnectionString);
        await using var command = server.CreateCommand("SELECT count(*) FROM pg_database WHERE datname = $1");
        command.Parameters.AddWithValue(fixture.DatabaseName);
        Assert.Equal(0L, await command.ExecuteScalarAsync());
    }

    [Fact]
    public async Task A_database_that_a_killed_run_left_behind_is_dropped()
    {
        const string LeftBehind = "justrunit_test_20200101000000_000000000000";
        var server = await PostgresServer.LocateAsync();
        await server.DropDatabaseAsync(LeftBehind);
        await server.CreateDatabaseAsync(LeftBehind);

        await using var database = await Database.CreateAsync();

        Assert.Equal(0L, await database.ScalarAsync($"SELECT count(*) FROM pg_database WHERE datname = '{LeftBehind}'"));
    }

    private sealed class Database(PostgresFixture fixture) : IAsyncDisposable
    {
        private readonly NpgsqlDataSource source = NpgsqlDataSource.Create(fixture.ConnectionString);

        public static async Task<Database> CreateAsync()
        {
            var fixture = new PostgresFixture();
            await fixture.InitializeAsync();
            return new Database(fixture);
        }

        public async Task<object?> ScalarAsync(string statement)
        {
            await using var command = source.CreateCommand(statement);
            return await command.ExecuteScalarAsync();
        }

        public async ValueTask DisposeAsync()
        {
            await source.DisposeAsync();
            await fixture.DisposeAsync();
        }
    }
}
