using System.Threading.Channels;
using JustRunIt.Events;
using JustRunIt.Events.Sla;
using JustRunIt.Hosting.Configuration;
using JustRunIt.Hosting.Messaging;
using JustRunIt.Infrastructure;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace JustRunIt.Hosting.Tests.Messaging;

/// <summary>Queues that an older version declared otherwise, on a real broker.</summary>
public sealed class QueueRemakingTests : IAsyncLifetime
{
    private static readonly string Queue = Names.Queue(Catalog.Monitor, typeof(ResponseTimesMeasured));
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);
    private readonly RabbitMqFixture broker = new();
    private IConnection connection = null!;
    private IChannel channel = null!;

    public async Task InitializeAsync()
    {
        await broker.InitializeAsync();
        connection = await new ConnectionFactory { Uri = broker.Address }.CreateConnectionAsync();
        channel = await connection.CreateChannelAsync(
            new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true));
        // As the version before declared it.
        await channel.ExchangeDeclareAsync(Names.Exchange(typeof(ResponseTimesMeasured)), ExchangeType.Fanout, durable: true);
        await channel.ExchangeDeclareAsync(Queue, ExchangeType.Fanout, durable: true);
        await channel.QueueDeclareAsync(
            Queue, durable: true, exclusive: false, autoDelete: false, new Dictionary<string, object?> { ["x-queue-type"] = "quorum" });
        await channel.QueueBindAsync(Queue, Queue, "");
        await channel.ExchangeBindAsync(Queue, Names.Exchange(typeof(ResponseTimesMeasured)), "");
    }

    public async Task DisposeAsync()
    {
        await channel.DisposeAsync();
        await connection.DisposeAsync();
        await broker.DisposeAsync();
    }

    [Fact]
    public async Task What_waits_in_one_is_kept_also_when_several_programs_make_it_anew_at_once()
    {
        for (byte i = 0; i < 20; i++)
            await SayAsync(i);
        await Task.WhenAll(Enumerable.Range(0, 3).Select(async i =>
            await (await Publisher.ConnectAsync(broker.Address, $"program-{i}", CancellationToken.None)).DisposeAsync()));
        await SayAsync(20);
        Assert.Equal(Enumerable.Range(0, 21).Select(i => (byte)i), (await TakeAsync(21)).Order());
        // One reader at a time has it now.
        await channel.QueueDeclareAsync(
            Queue,
            durable: true,
            exclusive: false,
            autoDelete: false,
            new Dictionary<string, object?> { ["x-queue-type"] = "quorum", ["x-single-active-consumer"] = true });
    }

    [Fact]
    public async Task One_that_programs_of_the_older_version_read_from_is_left_and_told_and_made_anew_when_they_have_ended()
    {
        var old = await connection.CreateChannelAsync();
        var heard = await ReadAsync(old);
        var refusal = await Assert.ThrowsAsync<ConfigurationException>(
            () => Publisher.ConnectAsync(broker.Address, "program", CancellationToken.None));
        Assert.Contains($"queue: {Queue} is to be made anew", refusal.Message);
        await SayAsync(7);
        Assert.Equal(7, await heard.ReadAsync().AsTask().WaitAsync(Patience));
        await old.DisposeAsync();
        await SayAsync(8);
        await (await Publisher.ConnectAsync(broker.Address, "program", CancellationToken.None)).DisposeAsync();
        Assert.Equal([8], await TakeAsync(1));
    }

    private static async Task<ChannelReader<byte>> ReadAsync(IChannel from)
    {
        var heard = Channel.CreateUnbounded<byte>();
        var reader = new AsyncEventingBasicConsumer(from);
        reader.ReceivedAsync += async (_, delivery) => await heard.Writer.WriteAsync(delivery.Body.Span[0]);
        await from.BasicConsumeAsync(Queue, autoAck: true, reader);
        return heard.Reader;
    }

    private async Task<List<byte>> TakeAsync(int count)
    {
        await using var reading = await connection.CreateChannelAsync();
        var heard = await ReadAsync(reading);
        var taken = new List<byte>();
        while (taken.Count < count)
            taken.Add(await heard.ReadAsync().AsTask().WaitAsync(Patience));
        return taken;
    }

    private async Task SayAsync(byte body) => await channel.BasicPublishAsync(
        Names.Exchange(typeof(ResponseTimesMeasured)), "", mandatory: false, new BasicProperties(), new[] { body });
}
