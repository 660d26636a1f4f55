using JustRunIt.Events;
using JustRunIt.Events.Store;
using JustRunIt.Hosting.Messaging;
using JustRunIt.Hosting.Messaging.Connecting;
using Npgsql;
using RabbitMQ.Client;

namespace JustRunIt.Demo;

/// <summary>A database of its own for a run, and no message left from an earlier one.</summary>
internal static class FreshStart
{
    /// <summary>Makes database <paramref name="name"/> anew; returns the connections with it.</summary>
    public static async Task<Connections> DatabaseAsync(Connections connections, string name, CancellationToken cancellation)
    {
        await using (var connection = new NpgsqlConnection(connections.Postgres))
        {
            await connection.OpenAsync(cancellation);
            foreach (var sql in new[] { $"DROP DATABASE IF EXISTS \"{name}\" WITH (FORCE)", $"CREATE DATABASE \"{name}\"" })
            {
                await using var command = new NpgsqlCommand(sql, connection);
                await command.ExecuteNonQueryAsync(cancellation);
            }
        }

        return connections with { Postgres = new NpgsqlConnectionStringBuilder(connections.Postgres) { Database = name }.ConnectionString };
    }

    /// <summary>Deletes the queues of every service, and of the host agent and proxy node named, with what is in them.</summary>
    public static async Task QueuesAsync(Uri rabbitMq, string agent, string node, CancellationToken cancellation)
    {
        await using var connection = await BrokerConnections.FactoryFor(rabbitMq, "demo").CreateConnectionAsync(cancellation);
        await using var channel = await connection.CreateChannelAsync(cancellationToken: cancellation);
        foreach (var entry in Catalog.Entries)
        {
            foreach (var consumer in entry.Consumers)
            {
                var reader = consumer switch
                {
                    Catalog.HostAgent => Names.HostAgent(agent),
                    Catalog.ProxyNode => Names.ProxyNode(node),
                    _ => consumer,
                };
                var queue = Names.Queue(reader, entry.Message);
                foreach (var name in new[] { queue, $"{queue}_error" })
                {
                    await channel.QueueDeleteAsync(name, cancellationToken: cancellation);
                    await channel.ExchangeDeleteAsync(name, cancellationToken: cancellation);
                }
            }
        }
    }
}
