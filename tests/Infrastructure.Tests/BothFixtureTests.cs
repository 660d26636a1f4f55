using JustRunIt.Infrastructure;
using Npgsql;
using RabbitMQ.Client;

namespace JustRunIt.Infrastructure.Tests;

/// <summary>How a test class shares the servers: the fixture is made once for the class.</summary>
public sealed class BothFixtureTests(BothFixture servers) : IClassFixture<BothFixture>
{
    [Fact]
    public async Task The_store_is_usable()
    {
        await using var source = NpgsqlDataSource.Create(servers.Postgres.ConnectionString);
        await using var command = source.CreateCommand("SELECT current_database()");

        Assert.Equal(servers.Postgres.DatabaseName, await command.ExecuteScalarAsync());
    }

    [Fact]
    public async Task The_bus_is_usable()
    {
        await using var connection = await new ConnectionFactory { Uri = servers.RabbitMq.Address }.CreateConnectionAsync();

        Assert.True(connection.IsOpen);
    }
}
