using JustRunIt.Infrastructure.Sources;
using Xunit.Abstractions;

namespace JustRunIt.Infrastructure;

/// <summary>A database and a virtual host of their own, for tests that need the store and the bus.</summary>
public sealed class BothFixture : IAsyncLifetime
{
    /// <summary>Made by a test class or by xunit.</summary>
    /// <param name="messages">Where lines about the whole run go; null for nowhere.</param>
    public BothFixture(IMessageSink? messages = null) => TestOutput.ShowAt(messages);

    /// <summary>The database.</summary>
    public PostgresFixture Postgres { get; } = new();

    /// <summary>The virtual host.</summary>
    public RabbitMqFixture RabbitMq { get; } = new();

    /// <inheritdoc/>
    public Task InitializeAsync() => Task.WhenAll(Postgres.InitializeAsync(), RabbitMq.InitializeAsync());

    /// <inheritdoc/>
    public Task DisposeAsync() => Task.WhenAll(Postgres.DisposeAsync(), RabbitMq.DisposeAsync());
}
