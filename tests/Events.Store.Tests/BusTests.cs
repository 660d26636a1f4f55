using System.Text;
using System.Text.Json;
using JustRunIt.Events.Matrices;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Store;
using JustRunIt.Hosting;
using JustRunIt.Hosting.Messaging;
using JustRunIt.Infrastructure;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using RabbitMQ.Client;

namespace JustRunIt.Events.Store.Tests;

/// <summary>What strangers may put on the bus.</summary>
public sealed class BusTests : OnBus
{
    private const string Throw = ",\"machine\":\"m\",\"heldBy\":\"throw\",\"retryAt\":\"2020-01-01T00:00:00Z\"}";
    private const string Sound = ",\"machine\":\"m\",\"heldBy\":\"x\",\"retryAt\":\"2020-01-01T00:00:00Z\"}";

    [Theory]
    [InlineData("{\"matrixId\": ", true, "JSON")]
    [InlineData("[]", true, "JSON")]
    [InlineData("{\"matrixId\": \"5\"}", true, "matrixId")]
    [InlineData("{\"matrixId\":\"00000000-0000-0000-0000-000000000001\"" + Throw, true, "heldBy: 'throw'; allowed is a stream")]
    [InlineData("{\"matrixId\":\"00000000-0000-0000-0000-000000000001\"" + Sound, false, "message-id: missing")]
    public async Task A_malformed_message_goes_to_the_error_queue_with_the_reason_and_the_consumer_goes_on(
        string body, bool withId, string reason)
    {
        using var host = await Scene.StartAsync();
        await PublishAsync(body, withId ? Guid.NewGuid() : null);
        var good = Guid.NewGuid();
        await PublishAsync(JsonSerializer.Serialize(Scene.Event(Guid.NewGuid()), Wire.Json), good);
        await Scene.UntilAsync(seen => seen.Count == 1, "the good one is consumed");
        Assert.Equal(good, Scene.Seen[0].Id);
        await using var bus = await Listener.ConnectAsync(Scene.Connections.RabbitMq);
        var error = await bus.ErrorAsync<SandboxAwaited>(Catalog.Experimenter);
        Assert.Equal(body, Encoding.UTF8.GetString(error.Body.Span));
        var said = Encoding.UTF8.GetString((byte[])error.BasicProperties.Headers!["MT-Fault-Message"]!);
        Assert.Contains(reason, said);
        await host.StopAsync();
    }

    [Fact]
    public async Task A_wrong_password_is_one_line_that_names_the_variable()
    {
        var wrong = new UriBuilder(Scene.Connections.RabbitMq) { Password = "wrong" }.Uri;
        using var host = ServiceHost.CreateService(Catalog.Checker, _ => { }, Scene.Connections with { RabbitMq = wrong }).Build();
        var error = await Assert.ThrowsAsync<JustRunIt.Hosting.Configuration.ConfigurationException>(() => host.StartAsync());
        Assert.StartsWith("environment: JUSTRUNIT_RABBITMQ: RabbitMQ at ", error.Message);
    }

    [Fact]
    public async Task A_database_that_does_not_exist_is_one_line_that_names_the_variable()
    {
        var wrong = Scene.Connections with { Postgres = Scene.Connections.Postgres.Replace("Database=", "Database=no_") };
        using var host = ServiceHost.CreateService(Catalog.Checker, _ => { }, wrong).Build();
        var error = await Assert.ThrowsAsync<JustRunIt.Hosting.Configuration.ConfigurationException>(() => host.StartAsync());
        Assert.StartsWith("environment: JUSTRUNIT_POSTGRES: PostgreSQL at ", error.Message);
    }

    [Fact]
    public async Task A_server_that_does_not_answer_yet_is_waited_for()
    {
        var closed = Scene.Connections with { RabbitMq = new Uri("amqp://guest:guest@127.0.0.1:1/") };
        using var host = ProcessHost.CreateBusOnly("nobody", _ => { }, closed.RabbitMq).Build();
        using var impatience = new CancellationTokenSource(TimeSpan.FromSeconds(2));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => host.StartAsync(impatience.Token));
    }

    private async Task PublishAsync(string body, Guid? id)
    {
        var properties = new BasicProperties { ContentType = "application/json", MessageId = id?.ToString() };
        await Channel.BasicPublishAsync(
            Names.Exchange(typeof(SandboxAwaited)), "", mandatory: false, properties, Encoding.UTF8.GetBytes(body));
    }
}
