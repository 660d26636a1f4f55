using JustRunIt.Events.Matrices;
using JustRunIt.Hosting.Messaging;
using Npgsql;
using RabbitMQ.Client;

namespace JustRunIt.Events.Store.Tests;

/// <summary>
/// All that a broker was handed, in its order, beside all that stands on the streams. A relay hands events over in the order of their
/// numbers; whoever takes over begins again at a position. So the numbers go back, or stay, once for each change of the lease and never
/// otherwise: more often, and two have led at once, or one has sent something twice.
/// </summary>
internal sealed class HandedOver
{
    private const string Queue = "handed-over";
    private readonly Uri broker;
    private readonly NpgsqlDataSource dataSource;
    private readonly long tokenBefore;

    private HandedOver(Uri broker, NpgsqlDataSource dataSource, long tokenBefore) =>
        (this.broker, this.dataSource, this.tokenBefore) = (broker, dataSource, tokenBefore);

    /// <summary>Begins to keep what is handed over; before anything is appended.</summary>
    public static async Task<HandedOver> BeginAsync(Uri broker, NpgsqlDataSource dataSource)
    {
        await using var connection = await new ConnectionFactory { Uri = broker }.CreateConnectionAsync();
        await using var channel = await connection.CreateChannelAsync();
        var kind = new Dictionary<string, object?> { ["x-queue-type"] = "quorum" };
        await channel.QueueDeclareAsync(Queue, durable: true, exclusive: false, autoDelete: false, kind);
        await channel.QueueBindAsync(Queue, Names.Exchange(typeof(SandboxAwaited)), "");
        return new HandedOver(broker, dataSource, await TokenAsync(dataSource));
    }

    /// <summary>Compares, once all is relayed and nothing is appended any more.</summary>
    /// <param name="acknowledged">Events whose append was acknowledged.</param>
    /// <param name="inOrder">Whether the order is looked at: a broker that stops refuses some, which are sent again behind others.</param>
    public async Task CheckAsync(IReadOnlyCollection<Guid> acknowledged, bool inOrder)
    {
        var appended = await AppendedAsync();
        var heard = await HeardAsync();
        Assert.DoesNotContain(acknowledged, id => !appended.ContainsKey(id));
        Assert.Empty(appended.Keys.Except(heard));
        Assert.DoesNotContain(heard, id => !appended.ContainsKey(id));
        if (!inOrder)
            return;
        var numbers = heard.Select(id => appended[id]).ToList();
        var back = numbers.Zip(numbers.Skip(1)).Count(pair => pair.Second <= pair.First);
        var changes = await TokenAsync(dataSource) - tokenBefore;
        Assert.True(back <= changes, $"the numbers went back {back} times, and the lease has changed {changes} times");
    }

    private static async Task<long> TokenAsync(NpgsqlDataSource dataSource)
    {
        await using var command = dataSource.CreateCommand("SELECT token FROM justrunit.relay");
        return (long)(await command.ExecuteScalarAsync())!;
    }

    /// <summary>Every event, with its number.</summary>
    private async Task<Dictionary<Guid, long>> AppendedAsync()
    {
        await using var command = dataSource.CreateCommand("SELECT id, seq_id FROM justrunit.mt_events");
        await using var reader = await command.ExecuteReaderAsync();
        var appended = new Dictionary<Guid, long>();
        while (await reader.ReadAsync())
            appended[reader.GetGuid(0)] = reader.GetInt64(1);
        return appended;
    }

    private async Task<List<Guid>> HeardAsync()
    {
        await using var connection = await new ConnectionFactory { Uri = broker }.CreateConnectionAsync();
        await using var channel = await connection.CreateChannelAsync();
        var heard = new List<Guid>();
        while (await channel.BasicGetAsync(Queue, autoAck: true) is { } message)
            heard.Add(Guid.Parse(message.BasicProperties.MessageId!));
        return heard;
    }
}
