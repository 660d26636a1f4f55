namespace JustRunIt.Samples.Tests;

public sealed class DatabaseTests : IAsyncLifetime
{
    private readonly AuctionTiers tiers = new();

    // A MariaDB that starts deletes every temporary table in its temporary folder, whosever it is.
    [Fact]
    public async Task A_database_that_starts_leaves_the_temporary_tables_of_other_servers_alone()
    {
        var table = Path.Combine(Path.GetTempPath(), $"#sql-temptable-{Guid.NewGuid():N}-1-1.MAI");
        await File.WriteAllTextAsync(table, "of another server");
        try
        {
            await tiers.InitializeAsync();

            Assert.True(File.Exists(table));
        }
        finally
        {
            File.Delete(table);
        }
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => tiers.DisposeAsync();
}
