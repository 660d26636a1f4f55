using JustRunIt.Infrastructure.Sources;
using Xunit.Abstractions;

namespace JustRunIt.Infrastructure;

/// <summary>
/// A virtual host of its own on a real RabbitMQ, deleted when the tests are done: nothing that one test leaves bound is seen by another.
/// On a given broker that does not let us make virtual hosts, the given one is used, and <see cref="EntityPrefix"/> keeps the names of
/// queues and exchanges apart.
/// </summary>
public sealed class RabbitMqFixture : IAsyncLifetime
{
    private VirtualHostPool? pool;

    /// <summary>Made by a test class or by xunit.</summary>
    /// <param name="messages">Where lines about the whole run go; null for nowhere.</param>
    public RabbitMqFixture(IMessageSink? messages = null) => TestOutput.ShowAt(messages);

    /// <summary>The broker.</summary>
    public RabbitMqServer Server { get; private set; } = null!;

    /// <summary>Address with the virtual host: <c>amqp://user:password@host:port/vhost</c>.</summary>
    public Uri Address { get; private set; } = null!;

    /// <summary>Name of the virtual host.</summary>
    public string VirtualHost => Address.AbsolutePath is "/" or ""
        ? "/"
        : Uri.UnescapeDataString(Address.AbsolutePath[1..]);

    /// <summary>
    /// What the names of queues and exchanges must begin with; null if the virtual host is the fixture's own.
    /// </summary>
    public string? EntityPrefix { get; private set; }

    /// <inheritdoc/>
    public async Task InitializeAsync() =>
        await UseAsync(await RabbitMqServer.LocateAsync().ConfigureAwait(false)).ConfigureAwait(false);

    /// <inheritdoc/>
    public async Task DisposeAsync()
    {
        if (Server is null)
        {
            return;
        }

        if (pool is not null)
        {
            // The pool keeps the server, which it needs at the end.
            await pool.ReturnAsync(VirtualHost).ConfigureAwait(false);
            return;
        }

        Server.Dispose();
    }

    internal async Task UseAsync(RabbitMqServer server)
    {
        Server = server;
        Address = server.Address;
        if (!server.CanCreateVirtualHosts)
        {
            EntityPrefix = TestName.New() + "-";
            return;
        }

        pool = VirtualHostPool.Of(server);
        Address = server.AddressOf(await pool.TakeAsync().ConfigureAwait(false));
    }
}
