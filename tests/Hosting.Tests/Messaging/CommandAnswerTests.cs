using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using JustRunIt.Events.Hosts;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Naming;
using JustRunIt.Events.Resources;
using JustRunIt.Hosting.Logging;
using JustRunIt.Hosting.Messaging;
using JustRunIt.Infrastructure;
using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace JustRunIt.Hosting.Tests.Messaging;

/// <summary>
/// A host agent's queue as a stranger writes to it: every command gets exactly one answer with its reason, and what is refused reaches
/// no consumer.
/// </summary>
public sealed class CommandAnswerTests : IAsyncLifetime
{
    private const string Agent = "trial";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private readonly RabbitMqFixture broker = new();
    private readonly ConcurrentQueue<AllocationRefused> answers = new();
    private readonly ConcurrentQueue<SetAllocation> consumed = new();
    private readonly string queue = Names.Queue(Names.HostAgent(Agent), typeof(SetAllocation));
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
        builder.Services.AddSingleton(consumed);
        ProcessHost.AddBus(
            builder, broker.Address, Names.HostAgent(Agent), consumers => consumers.Add<Consumer, SetAllocation>(), RetryRules.None);
        host = builder.Build();
        await host.StartAsync();
        var heard = (await channel.QueueDeclareAsync()).QueueName;
        await channel.QueueBindAsync(heard, Names.Exchange(typeof(AllocationRefused)), "");
        var consumer = new AsyncEventingBasicConsumer(channel);
        consumer.ReceivedAsync += (_, message) =>
        {
            answers.Enqueue(JsonSerializer.Deserialize<AllocationRefused>(message.Body.Span, Wire.Json)!);
            return Task.CompletedTask;
        };
        await channel.BasicConsumeAsync(heard, autoAck: true, consumer);
    }

    public async Task DisposeAsync()
    {
        await host.StopAsync();
        await ((IAsyncDisposable)host).DisposeAsync();
        await channel.DisposeAsync();
        await connection.DisposeAsync();
        await broker.DisposeAsync();
    }

    [Fact]
    public async Task A_command_with_a_name_that_is_none_is_refused_by_field_value_and_what_is_allowed()
    {
        foreach (var hostile in new[] { "../../x", "a\nb", "a;b", "a\"b", "a\0b", new string('a', 64), "ａ", "", "-rf" })
        {
            var command = Command with { RequestId = Guid.NewGuid(), Vm = hostile };
            await SendAsync(JsonSerializer.Serialize(command, Wire.Json));
            var answer = await AnswerToAsync(command.RequestId);
            Assert.Equal($"vm: '{Name.Shown(hostile)}'; allowed is {Name.Allowed}", answer.Reason);
            Assert.Equal((Agent, "matrix-1"), (answer.Agent, answer.Subject));
        }

        await ConsumedOnlyAsync(Command with { RequestId = Guid.NewGuid() });
    }

    [Fact]
    public async Task A_command_that_has_expired_is_answered_and_not_carried_out()
    {
        var command = Command with { RequestId = Guid.NewGuid(), ExpiresAt = DateTimeOffset.UtcNow.AddSeconds(-1) };
        await SendAsync(JsonSerializer.Serialize(command, Wire.Json));
        Assert.StartsWith("expired: ", (await AnswerToAsync(command.RequestId)).Reason);
        await ConsumedOnlyAsync(Command with { RequestId = Guid.NewGuid(), ExpiresAt = DateTimeOffset.UtcNow.AddHours(1) });
    }

    [Theory]
    [InlineData("{\"subject\":\"matrix-1\",\"requestId\":\"ID\",\"agent\":\"trial\",\"vm\":\"shop\"}")]
    [InlineData("{\"subject\":\"matrix-1\",\"requestId\":\"ID\",\"agent\":\"trial\",\"vm\":7,\"allocation\":{}}")]
    [InlineData("{\"subject\":\"matrix-1\",\"requestId\":\"ID\",\"agent\":\"trial\",\"vm\":\"shop\",\"allocation\":{\"cpu\":-1}}")]
    [InlineData("{\"subject\":\"matrix-1\",\"requestId\":\"ID\",\"agent\":\"trial\",\"vm\":\"shop\",\"allocation\":{\"cpu\":\"all\"}}")]
    public async Task A_command_whose_body_is_wrong_is_answered_by_the_request_that_it_names(string body)
    {
        var request = Guid.NewGuid();
        await SendAsync(body.Replace("ID", request.ToString(), StringComparison.Ordinal));
        var answer = await AnswerToAsync(request);
        Assert.StartsWith("the command cannot be read: ", answer.Reason);
        Assert.Equal("matrix-1", answer.Subject);
        await ConsumedOnlyAsync(Command with { RequestId = Guid.NewGuid() });
    }

    [Theory]
    [InlineData("{")]
    [InlineData("no JSON")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("")]
    [InlineData("{\"requestId\":\"none\",\"requestId\":\"none\"}")]
    public async Task A_command_that_is_none_is_answered_by_the_request_that_its_headers_name_and_is_parked(string body)
    {
        var request = Guid.NewGuid();
        await SendAsync(body, new BasicProperties { CorrelationId = request.ToString(), MessageId = Guid.NewGuid().ToString() });
        Assert.StartsWith("the command cannot be read: ", (await AnswerToAsync(request)).Reason);
        await ConsumedOnlyAsync(Command with { RequestId = Guid.NewGuid() });
    }

    private static SetAllocation Command { get; } = new("matrix-1", Guid.NewGuid(), Agent, "shop", Allocation.None);

    private ValueTask SendAsync(string body, BasicProperties? properties = null) => channel.BasicPublishAsync(
        queue,
        "",
        mandatory: false,
        properties ?? new BasicProperties { MessageId = Guid.NewGuid().ToString() },
        Encoding.UTF8.GetBytes(body));

    /// <summary>The one answer to a request.</summary>
    private async Task<AllocationRefused> AnswerToAsync(Guid request)
    {
        await UntilAsync(() => answers.Any(answer => answer.RequestId == request), "an answer");
        return Assert.Single(answers, answer => answer.RequestId == request);
    }

    /// <summary>A good command behind the others is carried out, and nothing but it was; nothing more was answered meanwhile.</summary>
    private async Task ConsumedOnlyAsync(SetAllocation good)
    {
        var before = answers.Count;
        await SendAsync(JsonSerializer.Serialize(good, Wire.Json));
        await UntilAsync(() => consumed.Any(command => command.RequestId == good.RequestId), "the good command");
        Assert.Equal(good.RequestId, Assert.Single(consumed).RequestId);
        Assert.Equal(before, answers.Count);
    }

    private static async Task UntilAsync(Func<bool> isSo, string what)
    {
        for (var end = DateTime.UtcNow + Patience; !isSo(); await Task.Delay(20))
        {
            if (DateTime.UtcNow >= end)
                throw new TimeoutException($"{what} did not come within {Patience}");
        }
    }

    private sealed class Consumer(ConcurrentQueue<SetAllocation> consumed) : IConsumer<SetAllocation>
    {
        public Task Consume(ConsumeContext<SetAllocation> context)
        {
            consumed.Enqueue(context.Message);
            return Task.CompletedTask;
        }
    }
}
