using RabbitMQ.Client;

namespace JustRunIt.Events.Store.Tests;

/// <summary>Tests on a scene of their own, beside a client that knows nothing but AMQP.</summary>
public abstract class OnBus : IAsyncLifetime
{
    /// <summary>The database, the virtual host, and processes on them.</summary>
    private protected Scene Scene { get; } = new();

    /// <summary>The client's.</summary>
    private protected IChannel Channel { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        await Scene.InitializeAsync();
        Channel = await Scene.OpenChannelAsync();
    }

    public async Task DisposeAsync()
    {
        await Channel.DisposeAsync();
        await Scene.DisposeAsync();
    }
}
