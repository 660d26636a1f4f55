using Marten;
using Npgsql;

namespace JustRunIt.Events.Store.Tests;

/// <summary>Which errors of the database are waited out, and which are lost races: as they really come, through Marten.</summary>
public sealed class StoreErrorsTests : IAsyncLifetime
{
    private readonly Scene scene = new();

    public Task InitializeAsync() => scene.InitializeAsync();

    public Task DisposeAsync() => scene.DisposeAsync();

    [Fact]
    public async Task A_database_that_shuts_down_within_a_transaction_is_an_outage()
    {
        await using var session = scene.Marten.LightweightSession();
        session.QueueSqlCommand("SELECT pg_terminate_backend(pg_backend_pid())");
        var error = await Assert.ThrowsAnyAsync<Exception>(() => session.SaveChangesAsync());
        Assert.True(StoreErrors.Retries.IsOutage(error), error.ToString());
        Assert.False(StoreErrors.Retries.IsConflict(error));
    }

    [Fact]
    public async Task A_database_that_ends_a_connection_that_reads_is_an_outage()
    {
        await using var command = scene.DataSource.CreateCommand("SELECT pg_terminate_backend(pg_backend_pid())");
        var error = await Assert.ThrowsAnyAsync<Exception>(() => command.ExecuteNonQueryAsync());
        Assert.True(StoreErrors.Retries.IsOutage(error), error.ToString());
    }

    [Fact]
    public async Task Transactions_that_wait_for_each_other_are_a_lost_race_and_no_outage()
    {
        await scene.ScalarAsync("CREATE TABLE pair (id int PRIMARY KEY, value int); INSERT INTO pair VALUES (1, 0), (2, 0)");
        using var both = new Barrier(2);
        var outcomes = await Task.WhenAll(new[] { (1, 2), (2, 1) }.Select(pair => Task.Run(() => Record.ExceptionAsync(async () =>
        {
            await using var connection = await scene.DataSource.OpenConnectionAsync();
            await using var transaction = await connection.BeginTransactionAsync();
            await UpdateAsync(connection, pair.Item1);
            Assert.True(both.SignalAndWait(TimeSpan.FromMinutes(1)), "the other has its row");
            await UpdateAsync(connection, pair.Item2);
            await transaction.CommitAsync();
        }))));
        var error = Assert.Single(outcomes, outcome => outcome is not null)!;
        Assert.True(StoreErrors.Retries.IsConflict(error), error.ToString());
        Assert.False(StoreErrors.Retries.IsOutage(error));
    }

    [Fact]
    public async Task A_statement_that_is_wrong_is_neither()
    {
        await using var session = scene.Marten.LightweightSession();
        session.QueueSqlCommand("SELECT 1 / 0");
        var error = await Assert.ThrowsAnyAsync<Exception>(() => session.SaveChangesAsync());
        Assert.False(StoreErrors.Retries.IsOutage(error));
        Assert.False(StoreErrors.Retries.IsConflict(error));
    }

    private static async Task UpdateAsync(NpgsqlConnection connection, int id)
    {
        await using var command = new NpgsqlCommand($"UPDATE pair SET value = value + 1 WHERE id = {id}", connection);
        await command.ExecuteNonQueryAsync();
    }
}
