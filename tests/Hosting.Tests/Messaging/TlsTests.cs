using System.Text.Json;
using JustRunIt.Events.Hosts;
using JustRunIt.Events.Messaging;
using JustRunIt.Hosting.Configuration;
using JustRunIt.Hosting.Messaging;
using JustRunIt.Infrastructure.Peers;
using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace JustRunIt.Hosting.Tests.Messaging;

/// <summary>TLS to a real broker on any port: with what it is given it works, and whatever is wrong is one line.</summary>
public sealed class TlsTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Certificates ours = new();
    private readonly Certificates others = new();
    private LocalRabbitMq broker = null!;
    private LocalRabbitMq expired = null!;
    private string client = "";

    public async Task InitializeAsync()
    {
        var (certificate, key) = ours.Sign("broker", ["127.0.0.1", "broker.example"]);
        var (ended, endedKey) = ours.Sign("ended", ["127.0.0.1"], DateTimeOffset.UtcNow.AddDays(-2));
        var starting = LocalRabbitMq.StartAsync(ours.Authority, certificate, key, needsCertificate: true);
        expired = await LocalRabbitMq.StartAsync(ours.Authority, ended, endedKey, needsCertificate: false);
        broker = await starting;
        var (own, ownKey) = ours.Sign("client", []);
        client = $"certfile={own}&keyfile={ownKey}";
    }

    public async Task DisposeAsync()
    {
        await broker.DisposeAsync();
        await expired.DisposeAsync();
        ours.Dispose();
        others.Dispose();
    }

    [Fact]
    public async Task What_is_said_over_it_is_heard_and_whatever_is_wrong_is_one_line()
    {
        var address = new Uri($"{Address(broker)}?cacertfile={ours.Authority}&{client}");
        var heard = new Heard();
        var builder = ProcessHost.CreateBusOnly("trial.tls", consumers => consumers.Add<AskedConsumer, HostsAsked>(), address);
        builder.Services.AddSingleton(heard);
        using (var host = builder.Build())
        {
            await host.StartAsync();
            await using var publisher = await Publisher.ConnectAsync(address, "test", CancellationToken.None);
            var asked = new HostsAsked(Guid.NewGuid());
            var headers = new Hosting.Messaging.MessageHeaders(asked.RequestId, asked.RequestId, DateTimeOffset.UtcNow, null, 0);
            await publisher.PublishAsync(
                Wire.NameOf(typeof(HostsAsked)), JsonSerializer.SerializeToUtf8Bytes(asked, Wire.Json), headers, CancellationToken.None);
            Assert.Equal(asked.RequestId, await heard.First.Task.WaitAsync(Patience));
            // It can speak, too: a message that it hands on arrives.
            await host.Services.GetRequiredService<IBus>().Publish(new HostsAsked(Guid.NewGuid()));
            await heard.Second.Task.WaitAsync(Patience);
            await host.StopAsync();
        }

        // The name of another host, by which its certificate knows it.
        await (await Publisher.ConnectAsync(
            new Uri($"{address}&server_name_indication=broker.example"), "test", CancellationToken.None)).DisposeAsync();

        (string Address, string[] Words)[] wrong =
        [
            ($"{Address(broker)}?cacertfile={others.Authority}&{client}", ["cacertfile: the certificate of 127.0.0.1:"]),
            ($"{Address(broker)}?{client}", ["cacertfile: the certificate of 127.0.0.1:", "no authority that this system trusts"]),
            ($"{address}&server_name_indication=elsewhere.example",
            [
                "server_name_indication: the certificate of 127.0.0.1:", "is for broker.example, 127.0.0.1, not for 'elsewhere.example'",
            ]),
            ($"{Address(broker)}?cacertfile={ours.Authority}", ["certfile: "]),
            ($"{Address(expired)}?cacertfile={ours.Authority}", ["the certificate of 127.0.0.1:", "ended on "]),
            ($"{Address(broker)}?cacertfile=/nowhere.pem", ["cacertfile: '/nowhere.pem' cannot be used: "]),
            ($"{Address(broker)}?cafile={ours.Authority}", ["'cafile'; allowed are cacertfile, certfile, keyfile, verify, "]),
            ($"{Address(broker)}?verify=no", ["verify: 'no'; allowed is verify_peer or verify_none"]),
            ($"amqp://shop:secret@127.0.0.1:1/?cacertfile={ours.Authority}", ["cacertfile: is for amqps:// only"]),
        ];
        // Each is a process of its own, most of whose time is its start.
        await Parallel.ForEachAsync(
            wrong, new ParallelOptions { MaxDegreeOfParallelism = 3 }, async (one, _) => await FailsAsync(one.Address, one.Words));
    }

    private static string Address(LocalRabbitMq broker) => $"amqps://shop:secret@127.0.0.1:{broker.Port}/";

    /// <summary>As a process of its own: exit code 2, and one line that names the variable and what is wrong.</summary>
    private static async Task FailsAsync(string address, string[] words)
    {
        var (exitCode, _, errors) = await Trial.RunAsync("bus", new() { [EnvironmentVariables.RabbitMq] = address });
        var line = Assert.Single(errors.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.StartsWith("environment: JUSTRUNIT_RABBITMQ: ", line);
        Assert.All(words, word => Assert.Contains(word, line));
        Assert.Equal(2, exitCode);
        Assert.DoesNotContain("secret", line);
    }

    private sealed class Heard
    {
        public TaskCompletionSource<Guid> First { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource<Guid> Second { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    private sealed class AskedConsumer(Heard heard) : IConsumer<HostsAsked>
    {
        public Task Consume(ConsumeContext<HostsAsked> context)
        {
            if (!heard.First.TrySetResult(context.Message.RequestId))
                heard.Second.TrySetResult(context.Message.RequestId);
            return Task.CompletedTask;
        }
    }
}
