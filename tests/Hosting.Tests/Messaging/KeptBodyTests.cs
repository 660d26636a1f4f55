using System.Text;
using JustRunIt.Events.Hosts;
using JustRunIt.Hosting.Logging;
using JustRunIt.Hosting.Messaging;
using JustRunIt.Infrastructure;
using MassTransit;
using Microsoft.Extensions.Hosting;
using RabbitMQ.Client;

namespace JustRunIt.Hosting.Tests.Messaging;

/// <summary>A command that bears secrets and cannot be handled is kept without them, where whoever may look into queues reads it.</summary>
public sealed class KeptBodyTests : IAsyncLifetime
{
    private const string Agent = "trial";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private readonly RabbitMqFixture broker = new();
    private readonly string queue = Names.Queue(Names.HostAgent(Agent), typeof(StartVm));
    private IConnection connection = null!;
    private IChannel channel = null!;
    private IHost host = null!;

    public async Task InitializeAsync()
    {
        await broker.InitializeAsync();
        connection = await new ConnectionFactory { Uri = broker.Address }.CreateConnectionAsync();
        channel = await connection.CreateChannelAsync();
        var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        ProcessLog.Add(builder, Names.HostAgent(Agent), LogSettings.Default);
        ProcessHost.AddBus(
            builder, broker.Address, Names.HostAgent(Agent), consumers => consumers.Add<Failing, StartVm>(), RetryRules.None);
        host = builder.Build();
        await host.StartAsync();
    }

    public async Task DisposeAsync()
    {
        await host.StopAsync();
        await ((IAsyncDisposable)host).DisposeAsync();
        await channel.DisposeAsync();
        await connection.DisposeAsync();
        await broker.DisposeAsync();
    }

    /// <summary>Not readable; readable, and the consumer fails; no JSON; no UTF-8; a field twice; nobody's message.</summary>
    [Theory]
    [InlineData(
        """{"requestId":"ID","vm":7,"program":{"environment":{"DB":"hush-hush"},"arguments":["--password=hush-hush"]}}""", "DB")]
    [InlineData(
        """
        {"requestId":"ID","agent":"trial","machine":"m","vm":"shop","service":"shop","tier":"web","pinned":false,
        "program":{"executable":"x",
        "arguments":[],"environment":{"DB":"hush-hush"},"workingDirectory":"/","listen":"127.0.0.1:1"},"allocation":{"cpu":1}}
        """,
        "DB")]
    [InlineData("""{"requestId":"ID","Program":{"ENVIRONMENT":"DB=hush-hush"}}""", "Program")]
    [InlineData("""{"requestId":"ID","program":{"environment":{"DB":"hush-hush"}}""", "***")]
    [InlineData("""{"program":{"environment":{"DB":"hush-hush","DB":"hush-hush"}}}""", "***")]
    [InlineData("DB=hush-hush \u00ff", "***")]
    [InlineData("""["hush-hush"]""", "***")]
    public async Task What_cannot_be_handled_is_kept_without_secrets(string body, string kept)
    {
        var bytes = Encoding.Latin1.GetBytes(body.Replace("ID", $"{Guid.NewGuid()}", StringComparison.Ordinal));
        await channel.BasicPublishAsync(
            queue, "", mandatory: false, new BasicProperties { MessageId = $"{Guid.NewGuid()}", ContentType = "application/json" }, bytes);
        var message = await KeptAsync();
        var text = Encoding.UTF8.GetString(message.Body.Span);
        Assert.DoesNotContain("hush", text);
        Assert.Contains(kept, text);
        Assert.NotEmpty((byte[])message.BasicProperties.Headers!["MT-Fault-Message"]!);
    }

    private async Task<BasicGetResult> KeptAsync()
    {
        for (var end = DateTime.UtcNow + Patience; ; await Task.Delay(50))
        {
            await using var asking = await connection.CreateChannelAsync();
            if (await Record.ExceptionAsync(() => asking.QueueDeclarePassiveAsync($"{queue}_error")) is null
                && await asking.BasicGetAsync($"{queue}_error", autoAck: true) is { } message)
            {
                return message;
            }

            Assert.True(DateTime.UtcNow < end, "nothing is in the error queue");
        }
    }

    private sealed class Failing : IConsumer<StartVm>
    {
        public Task Consume(ConsumeContext<StartVm> context) => throw new InvalidOperationException("fails");
    }
}
