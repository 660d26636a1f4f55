using JustRunIt.Hosting.Messaging.Authority;
using JustRunIt.Hosting.Messaging.Connecting;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace JustRunIt.Hosting.Messaging;

/// <summary>
/// Before this process says anything: declares the queues that are its own, and binds them. Where nobody's word is checked also every
/// other exchange and queue, so that whoever starts later misses nothing; elsewhere whoever administers the broker has made them.
/// </summary>
internal sealed partial class TopologySetup(
    Uri rabbitMq, string name, BrokerIdentity identity, IReadOnlyList<Type> messages, ILogger<TopologySetup> logger) : IHostedService
{
    private readonly FirstContact broker = new(
        $"RabbitMQ at {rabbitMq.Host}:{BrokerConnections.PortOf(rabbitMq)}", EnvironmentVariables.RabbitMq, Broker.Refusal, Broker.IsAway);

    /// <inheritdoc />
    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (identity.Self is null)
            Log.Unchecked(logger, identity.User, EnvironmentVariables.Authority);
        return broker.MakeAsync(() => DeclareAsync(cancellationToken), logger, cancellationToken);
    }

    /// <inheritdoc />
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private async Task DeclareAsync(CancellationToken cancellation)
    {
        if (identity.Self is null)
        {
            await (await Publisher.ConnectAsync(rabbitMq, $"setup-{name}", cancellation).ConfigureAwait(false)).DisposeAsync()
                .ConfigureAwait(false);
        }

        var factory = BrokerConnections.FactoryFor(rabbitMq, $"setup-{name}");
        await using var connection = await factory.CreateConnectionAsync(cancellation).ConfigureAwait(false);
        foreach (var message in messages)
            await Topology.DeclareOwnAsync(connection, factory.UserName, name, message, cancellation).ConfigureAwait(false);
    }

    private static partial class Log
    {
        [LoggerMessage(
            EventId = 1041,
            Level = LogLevel.Warning,
            Message = "whoever may use the broker, as {User} does, may state and command anything: {Variable} is none")]
        public static partial void Unchecked(ILogger logger, string user, string variable);
    }
}
