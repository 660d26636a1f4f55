using System.Text;
using JustRunIt.Infrastructure;
using RabbitMQ.Client;

namespace JustRunIt.Infrastructure.Tests;

public sealed class RabbitMqFixtureTests
{
    private const string Queue = "greetings";

    [Fact]
    public async Task What_is_published_can_be_fetched()
    {
        await using var broker = await Broker.CreateAsync();

        await broker.PublishAsync(Queue, "hello");

        Assert.Equal("hello", await broker.FetchAsync(Queue));
    }

    [Fact]
    public async Task What_one_fixture_publishes_another_does_not_see()
    {
        await using var one = await Broker.CreateAsync();
        await using var other = await Broker.CreateAsync();

        await one.PublishAsync(Queue, "for one");

        Assert.Null(await other.FetchAsync(Queue));
        Assert.Equal("for one", await one.FetchAsync(Queue));
    }

    [Fact]
    public async Task The_virtual_host_is_gone_when_the_tests_are_done()
    {
        using var server = await RabbitMqServer.LocateAsync();
        if (!server.CanCreateVirtualHosts)
        {
            // A given broker that shares its virtual host: there is none to delete.
            return;
        }

        var fixture = new RabbitMqFixture();
        await fixture.InitializeAsync();
        Assert.Contains(fixture.VirtualHost, await server.ListVirtualHostsAsync());

        await fixture.DisposeAsync();
        await VirtualHostPool.Of(server).EmptyAsync();

        Assert.DoesNotContain(fixture.VirtualHost, await server.ListVirtualHostsAsync());
    }

    [Fact]
    public async Task A_virtual_host_that_a_killed_run_left_behind_is_deleted()
    {
        const string LeftBehind = "justrunit_test_20200101000000_000000000000";
        using var server = await RabbitMqServer.LocateAsync();
        if (!server.CanCreateVirtualHosts)
        {
            return;
        }

        await server.CreateVirtualHostsAsync(LeftBehind);

        await server.DeleteLeftBehindAsync();

        Assert.DoesNotContain(LeftBehind, await server.ListVirtualHostsAsync());
    }

    [Fact]
    public async Task On_a_broker_that_cannot_be_administered_the_given_virtual_host_is_used_under_a_prefix()
    {
        // A user that no management interface lets in, if there is one at all.
        var server = await RabbitMqServer.FromAsync(new Uri("amqp://nobody:wrong@127.0.0.1/shared"), control: null);
        var fixture = new RabbitMqFixture();

        await fixture.UseAsync(server);

        Assert.Equal("shared", fixture.VirtualHost);
        Assert.Matches("^justrunit_test_[0-9]{14}_[0-9a-f]{12}-$", fixture.EntityPrefix);
        await fixture.DisposeAsync();
    }

    private sealed class Broker(RabbitMqFixture fixture, IConnection connection, IChannel channel) : IAsyncDisposable
    {
        public static async Task<Broker> CreateAsync()
        {
            var fixture = new RabbitMqFixture();
            await fixture.InitializeAsync();
            var connection = await new ConnectionFactory { Uri = fixture.Address }.CreateConnectionAsync();
            var channel = await connection.CreateChannelAsync(
                new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true));
            return new Broker(fixture, connection, channel);
        }

        /// <summary>Returns when the broker has confirmed the message.</summary>
        public async Task PublishAsync(string queue, string text)
        {
            await DeclareAsync(queue);
            await channel.BasicPublishAsync("", Name(queue), mandatory: true, Encoding.UTF8.GetBytes(text));
        }

        public async Task<string?> FetchAsync(string queue)
        {
            await DeclareAsync(queue);
            var message = await channel.BasicGetAsync(Name(queue), autoAck: true);
            return message is null ? null : Encoding.UTF8.GetString(message.Body.Span);
        }

        public async ValueTask DisposeAsync()
        {
            // In a shared virtual host the queue would stay.
            await channel.QueueDeleteAsync(Name(Queue));
            await channel.DisposeAsync();
            await connection.DisposeAsync();
            await fixture.DisposeAsync();
        }

        private string Name(string queue) => fixture.EntityPrefix + queue;

        private Task DeclareAsync(string queue) =>
            channel.QueueDeclareAsync(Name(queue), durable: true, exclusive: false, autoDelete: false);
    }
}
