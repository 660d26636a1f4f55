using System.Text.Json;
using JustRunIt.Events.Matrices;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Store;
using Npgsql;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace JustRunIt.Bench.Pipeline;

/// <summary>
/// The floor: one INSERT of the same JSON with Npgsql, then the writer itself publishes it to a quorum queue with confirms,
/// and a bare consumer reads it. A crash between both loses the message, which is what the outbox is for.
/// </summary>
internal sealed class RawPath : IPath
{
    private const string Queue = "bench.raw";
    private readonly NpgsqlDataSource dataSource;
    private readonly IConnection connection;
    private readonly IChannel publishing;

    private RawPath(NpgsqlDataSource dataSource, IConnection connection, IChannel publishing) =>
        (this.dataSource, this.connection, this.publishing) = (dataSource, connection, publishing);

    public string Name => "raw insert + publish";

    public static async Task<RawPath> StartAsync(Connections connections, Arrivals arrivals)
    {
        var dataSource = NpgsqlDataSource.Create(connections.Postgres);
        await using (var create = dataSource.CreateCommand("CREATE TABLE IF NOT EXISTS raw (id uuid PRIMARY KEY, data jsonb NOT NULL)"))
            await create.ExecuteNonQueryAsync();
        var connection = await new ConnectionFactory { Uri = connections.RabbitMq }.CreateConnectionAsync();
        var publishing = await connection.CreateChannelAsync(new CreateChannelOptions(true, true, null));
        await publishing.QueueDeclareAsync(
            Queue, durable: true, exclusive: false, autoDelete: false, new Dictionary<string, object?> { ["x-queue-type"] = "quorum" });
        await publishing.QueuePurgeAsync(Queue);
        var reading = await connection.CreateChannelAsync();
        await reading.BasicQosAsync(0, 64, false);
        var consumer = new AsyncEventingBasicConsumer(reading);
        consumer.ReceivedAsync += async (_, delivery) =>
        {
            arrivals.Read(JsonSerializer.Deserialize<CloneFailed>(delivery.Body.Span, Wire.Json)!.MatrixId);
            await reading.BasicAckAsync(delivery.DeliveryTag, false);
        };
        await reading.BasicConsumeAsync(Queue, autoAck: false, consumer);
        return new RawPath(dataSource, connection, publishing);
    }

    public async Task WriteAsync(IReadOnlyList<Guid> ids)
    {
        var bodies = ids.Select(id => JsonSerializer.SerializeToUtf8Bytes(StreamPath.Event(id), Wire.Json)).ToList();
        await using (var connection = await dataSource.OpenConnectionAsync())
        await using (var batch = new NpgsqlBatch(connection))
        {
            foreach (var (id, body) in ids.Zip(bodies))
            {
                batch.BatchCommands.Add(new NpgsqlBatchCommand("INSERT INTO raw VALUES ($1, $2)")
                {
                    Parameters = { new() { Value = id }, new() { Value = body, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Jsonb } },
                });
            }

            await batch.ExecuteNonQueryAsync();
        }

        await Task.WhenAll(bodies.Select(body => publishing.BasicPublishAsync(
            "", Queue, mandatory: false, new BasicProperties { DeliveryMode = DeliveryModes.Persistent }, body).AsTask()));
    }

    public async ValueTask DisposeAsync()
    {
        await publishing.QueueDeleteAsync(Queue);
        await connection.DisposeAsync();
        await dataSource.DisposeAsync();
    }
}
