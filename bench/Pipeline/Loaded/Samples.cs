using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using JustRunIt.Events;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Store;
using JustRunIt.Hosting.Messaging;
using Npgsql;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace JustRunIt.Bench.Pipeline.Loaded;

/// <summary>What is seen from outside while the services work: when events are heard, what waits, what memory they have.</summary>
internal sealed class Samples : IAsyncDisposable
{
    private readonly ConcurrentQueue<(DateTimeOffset At, double Milliseconds)> heard = new();
    private readonly IConnection connection;
    private readonly NpgsqlDataSource dataSource;

    private Samples(IConnection connection, NpgsqlDataSource dataSource) => (this.connection, this.dataSource) = (connection, dataSource);

    private static IEnumerable<string> Queues => Catalog.Entries.SelectMany(entry => entry.Consumers
        .Where(consumer => consumer is not (Catalog.HostAgent or Catalog.ProxyNode))
        .Select(consumer => Names.Queue(consumer, entry.Message)));

    /// <summary>Events as they were heard, with the time since they were appended.</summary>
    public IReadOnlyCollection<(DateTimeOffset At, double Milliseconds)> Heard => heard;

    public static async Task<Samples> StartAsync(Connections connections)
    {
        var connection = await new ConnectionFactory
        {
            Uri = connections.RabbitMq,
            ClientProvidedName = "samples",
        }.CreateConnectionAsync();
        var samples = new Samples(connection, NpgsqlDataSource.Create(connections.Postgres));
        var channel = await connection.CreateChannelAsync();
        var queue = await channel.QueueDeclareAsync();
        foreach (var entry in Catalog.Entries.Where(entry => entry.Message.IsAssignableTo(typeof(IDomainEvent))))
            await channel.QueueBindAsync(queue.QueueName, Names.Exchange(entry.Message), "");
        var consumer = new AsyncEventingBasicConsumer(channel);
        consumer.ReceivedAsync += (_, delivery) =>
        {
            var now = DateTimeOffset.UtcNow;
            if (delivery.BasicProperties.Headers?["cloudEvents:time"] is byte[] time)
            {
                var appended = DateTimeOffset.Parse(
                    Encoding.ASCII.GetString(time), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);
                samples.heard.Enqueue((now, (now - appended).TotalMilliseconds));
            }

            return Task.CompletedTask;
        };
        await channel.BasicConsumeAsync(queue.QueueName, autoAck: true, consumer);
        return samples;
    }

    /// <summary>Drops what an earlier run has left in the services' queues.</summary>
    public static async Task PurgeAsync(Uri rabbitMq)
    {
        await using (await Publisher.ConnectAsync(rabbitMq, "purge", CancellationToken.None))
        {
            await using var connection = await new ConnectionFactory { Uri = rabbitMq }.CreateConnectionAsync();
            await using var channel = await connection.CreateChannelAsync();
            foreach (var queue in Queues)
                await channel.QueuePurgeAsync(queue);
        }
    }

    /// <summary>Messages that wait in the services' queues, and the longest queue.</summary>
    public async Task<(long Waiting, string Longest)> QueuesAsync()
    {
        await using var channel = await connection.CreateChannelAsync();
        var (sum, most, name) = (0L, 0L, "");
        foreach (var queue in Queues)
        {
            var depth = (long)(await channel.QueueDeclarePassiveAsync(queue)).MessageCount;
            sum += depth;
            if (depth > most)
                (most, name) = (depth, queue);
        }

        return (sum, most == 0 ? "" : $"{name} {most}");
    }

    /// <summary>Of each service, how long ago the oldest report was published that is not counted yet; milliseconds.</summary>
    public async Task<IReadOnlyList<double>> UncountedAsync(DateTimeOffset now)
    {
        await using var command = dataSource.CreateCommand(
            "SELECT data -> 'window' -> 'marks' -> 0 -> 'heard' -> -1 ->> 'to' FROM justrunit.mt_doc_open_window");
        await using var reader = await command.ExecuteReaderAsync();
        var ages = new List<double>();
        while (await reader.ReadAsync())
        {
            var next = DateTimeOffset.Parse(reader.GetString(0), CultureInfo.InvariantCulture) + TimeSpan.FromSeconds(1);
            ages.Add(Math.Max(0, (now - next).TotalMilliseconds));
        }

        return ages;
    }

    /// <summary>From the append of an event to that of what a service decided on it: median and 99th percentile, milliseconds.</summary>
    public async Task<IReadOnlyList<(string Event, long Count, double Median, double P99)>> AnsweredAsync(DateTimeOffset since)
    {
        await using var command = dataSource.CreateCommand(
            """
            SELECT cause.type, count(*),
                percentile_cont(0.5) WITHIN GROUP (ORDER BY 1000 * extract(epoch FROM answer.timestamp - cause.timestamp))::float8,
                percentile_cont(0.99) WITHIN GROUP (ORDER BY 1000 * extract(epoch FROM answer.timestamp - cause.timestamp))::float8
            FROM (SELECT causation_id, min(timestamp) AS timestamp FROM justrunit.mt_events WHERE causation_id IS NOT NULL
                GROUP BY causation_id) answer
            JOIN justrunit.mt_events cause ON cause.id = answer.causation_id::uuid
            WHERE cause.timestamp > $1 GROUP BY 1 ORDER BY 1
            """);
        command.Parameters.Add(new NpgsqlParameter { Value = since });
        command.CommandTimeout = 300;
        await using var reader = await command.ExecuteReaderAsync();
        var answers = new List<(string, long, double, double)>();
        while (await reader.ReadAsync())
            answers.Add((reader.GetString(0), reader.GetInt64(1), reader.GetDouble(2), reader.GetDouble(3)));
        return answers;
    }

    /// <summary>How many rows a query counts.</summary>
    public async Task<long> CountAsync(string sql)
    {
        await using var command = dataSource.CreateCommand(sql);
        return (long)(await command.ExecuteScalarAsync())!;
    }

    /// <summary>Resident memory of a process in MiB (proc(5)).</summary>
    public static double Memory(int process)
    {
        var line = File.ReadLines($"/proc/{process}/status").First(line => line.StartsWith("VmRSS:", StringComparison.Ordinal));
        return double.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024;
    }

    public async ValueTask DisposeAsync()
    {
        await connection.DisposeAsync();
        await dataSource.DisposeAsync();
    }
}
