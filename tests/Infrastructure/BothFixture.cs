namespace JustRunIt.Infrastructure;

/// <summary>A database and a virtual host of their own, for tests that need the store and the bus.</summary>
public sealed class BothFixture : IAsyncLifetime
{
    /// <summary>The database.</summary>
    public PostgresFixture Postgres { get; } = new();

    /// <summary>The virtual host.</summary>
    public RabbitMqFixture RabbitMq { get; } = new();

    /// <inheritdoc/>
    public Task InitializeAsync() => Task.WhenAll(Postgres.InitializeAsync(), RabbitMq.InitializeAsync());

    /// <inheritdoc/>
    public Task DisposeAsync() => Task.WhenAll(Postgres.DisposeAsync(), RabbitMq.DisposeAsync());
}
