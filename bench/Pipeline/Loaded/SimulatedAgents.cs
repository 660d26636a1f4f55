using System.Text.Json;
using JustRunIt.Events.Hosts;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Proxies;
using JustRunIt.Events.Quantities;
using JustRunIt.Events.Resources;
using JustRunIt.Hosting.Messaging;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace JustRunIt.Bench.Pipeline.Loaded;

/// <summary>
/// Simulated host agents and a simulated proxy node: they do nothing, and answer what they are asked after the time that it would take.
/// Nothing that they say was measured.
/// </summary>
internal sealed class SimulatedAgents : IAsyncDisposable
{
    private static readonly TimeSpan CloneTime = TimeSpan.FromSeconds(1);
    private readonly LoadSettings settings;
    private readonly IConnection connection;
    private readonly Publisher publisher;
    private readonly CancellationTokenSource stop = new();

    private SimulatedAgents(LoadSettings settings, IConnection connection, Publisher publisher) =>
        (this.settings, this.connection, this.publisher) = (settings, connection, publisher);

    public static async Task<SimulatedAgents> StartAsync(LoadSettings settings, Uri rabbitMq)
    {
        var connection = await new ConnectionFactory { Uri = rabbitMq, ClientProvidedName = "simulated" }.CreateConnectionAsync();
        var publisher = await Publisher.ConnectAsync(rabbitMq, "simulated", CancellationToken.None);
        var agents = new SimulatedAgents(settings, connection, publisher);
        for (var i = 0; i < settings.Agents; i++)
        {
            var channel = await connection.CreateChannelAsync();
            var reader = Names.HostAgent(LoadSettings.Agent(i));
            await agents.AnswerAsync<CloneVm>(channel, reader, agents.OnAsync);
            await agents.AnswerAsync<SetAllocation>(channel, reader, agents.OnAsync);
            await agents.AnswerAsync<MigrateVm>(channel, reader, agents.OnAsync);
            await agents.AnswerAsync<DestroyClone>(channel, reader, (_, _) => Task.CompletedTask);
        }

        var proxies = await connection.CreateChannelAsync();
        await agents.AnswerAsync<StartReplay>(proxies, Names.ProxyNode(LoadSettings.Node), agents.OnAsync);
        await agents.AnswerAsync<StopReplay>(proxies, Names.ProxyNode(LoadSettings.Node), (_, _) => Task.CompletedTask);
        return agents;
    }

    /// <summary>Announces machines and servers.</summary>
    public async Task AnnounceAsync()
    {
        for (var i = 0; i < settings.Agents; i++)
        {
            var capacity = Allocation.Of(new CpuShare(64), MemorySize.FromMebibytes(1 << 20));
            foreach (var (name, role) in new[]
            {
                (LoadSettings.Machine(i), MachineRole.Production), (LoadSettings.Sandbox(i), MachineRole.Sandbox),
            })
            {
                await SayAsync(new MachineAnnounced(
                    LoadSettings.DataCenter, LoadSettings.Agent(i), name, role, capacity, "simulated", Simulated: true));
            }
        }

        for (var i = 0; i < settings.Services; i++)
        {
            var agent = settings.AgentOf(i);
            await SayAsync(new VmStarted(
                Guid.NewGuid(),
                LoadSettings.DataCenter,
                LoadSettings.Agent(agent),
                LoadSettings.Machine(agent),
                LoadSettings.Vm(i),
                LoadSettings.Service(i),
                LoadSettings.Tier,
                Pinned: true,
                Allocation.Of(new CpuShare(0.6))));
        }
    }

    /// <summary>Publishes a report; ends with the broker's confirm.</summary>
    public ValueTask SayAsync<TMessage>(TMessage message, Guid? correlation = null, Guid? causation = null)
        where TMessage : class
    {
        var id = Guid.NewGuid();
        return publisher.PublishAsync(
            Wire.NameOf(typeof(TMessage)),
            JsonSerializer.SerializeToUtf8Bytes(message, Wire.Json),
            new MessageHeaders(id, correlation ?? id, DateTimeOffset.UtcNow, null, 0, causation),
            stop.Token);
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await connection.DisposeAsync();
        await publisher.DisposeAsync();
        stop.Dispose();
    }

    private async Task OnAsync(CloneVm command, Guid correlation)
    {
        await Task.Delay(CloneTime, stop.Token);
        await SayAsync(
            new VmCloned(
                command.Subject,
                command.RequestId,
                command.Agent,
                command.CloneName,
                "127.0.0.1:1",
                "simulated",
                true,
                TimeSpan.Zero,
                CloneTime,
                0),
            correlation);
    }

    private async Task OnAsync(SetAllocation command, Guid correlation) =>
        await SayAsync(new AllocationSet(command.Subject, command.RequestId, command.Agent, command.Vm, command.Allocation), correlation);

    private async Task OnAsync(MigrateVm command, Guid correlation) =>
        await SayAsync(
            new VmMigrated(command.Subject, command.RequestId, command.Agent, command.Vm, command.To, TimeSpan.Zero), correlation);

    private async Task OnAsync(StartReplay command, Guid correlation)
    {
        var from = DateTimeOffset.UtcNow + command.Durations.WarmUp;
        await Task.Delay(command.Durations.TimeShift + command.Durations.WarmUp + command.Durations.Measure, stop.Token);
        await SayAsync(
            new ReplayMeasured(
                command.Subject,
                command.RequestId,
                command.ProxyNode,
                from,
                from + command.Durations.Measure,
                Side(300),
                Side(90),
                new MatchCounts(100, 0, 0, 0),
                0,
                null),
            correlation);
    }

    private static SideMeasured Side(double mean) => new(
        100, 0, Measurement.Of(MetricNames.MeanMs, mean, 1).With(MetricNames.ThroughputPerSecond, 20));

    private async Task AnswerAsync<TCommand>(IChannel channel, string reader, Func<TCommand, Guid, Task> answer)
        where TCommand : ICommand
    {
        var queue = Names.Queue(reader, typeof(TCommand));
        await channel.ExchangeDeclareAsync(queue, ExchangeType.Fanout, durable: true, autoDelete: false);
        await channel.QueueDeclareAsync(
            queue, durable: true, exclusive: false, autoDelete: false, new Dictionary<string, object?> { ["x-queue-type"] = "quorum" });
        await channel.QueueBindAsync(queue, queue, "");
        var consumer = new AsyncEventingBasicConsumer(channel);
        consumer.ReceivedAsync += (_, delivery) =>
        {
            var command = JsonSerializer.Deserialize<TCommand>(delivery.Body.Span, Wire.Json)!;
            _ = AnswerInTimeAsync(answer(command, Guid.Parse(delivery.BasicProperties.CorrelationId!)));
            return Task.CompletedTask;
        };
        await channel.BasicConsumeAsync(queue, autoAck: true, consumer);
    }

    private async Task AnswerInTimeAsync(Task answer)
    {
        try
        {
            await answer;
        }
        catch (Exception) when (stop.IsCancellationRequested)
        {
            // The run has ended.
        }
        catch (Exception e)
        {
            await Console.Error.WriteLineAsync($"simulated agent: {e.Message}");
        }
    }
}
