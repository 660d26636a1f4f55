using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Text;
using JustRunIt.Events;
using JustRunIt.Events.Authority;
using JustRunIt.Events.Messaging;
using JustRunIt.Hosting.Messaging;
using JustRunIt.Hosting.Messaging.Connecting;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using RabbitMQ.Client.Exceptions;

namespace JustRunIt.Hosting.Tests.Messaging;

/// <summary>
/// On a real broker each role tries everything of every other; what it can do is what the table says, and what is documented.
/// </summary>
public sealed class RoleMatrixTests(RoleBroker broker) : IClassFixture<RoleBroker>
{
    private const int AccessRefused = 403;
    private const int PreconditionFailed = 406;
    private const string Begin = "<!-- as tried on a broker; do not edit -->\n";
    private const string End = "<!-- end -->\n";

    [Fact]
    public async Task Each_role_does_what_is_its_own_and_nothing_of_another()
    {
        var cells = new ConcurrentDictionary<(string Message, string Role), string>();
        // Most of the time each waits for the broker's answer.
        await Parallel.ForEachAsync(
            RoleBroker.Speakers,
            new ParallelOptions { MaxDegreeOfParallelism = 4 },
            async (speaker, _) => await TryAllAsync(speaker, cells));
        Approve(cells);
    }

    private async Task TryAllAsync(Speaker speaker, ConcurrentDictionary<(string Message, string Role), string> cells)
    {
        await using var connection = await BrokerConnections.FactoryFor(broker.As(speaker), "matrix").CreateConnectionAsync();
        var attempt = new Attempts(connection);
        foreach (var entry in Catalog.Entries)
        {
            var isCommand = entry.Message.IsAssignableTo(typeof(ICommand));
            var states = speaker.Role.States.Contains(entry.Message);
            if (!isCommand)
            {
                var exchange = Names.Exchange(entry.Message);
                Expect(states, await attempt.PublishAsync(exchange, RoleBroker.UserOf(speaker)), speaker, "publish to", exchange);
                Expect(false, await attempt.MakeExchangeAsync(exchange), speaker, "declare", exchange);
                Expect(false, await attempt.DeleteExchangeAsync(exchange), speaker, "delete", exchange);
                if (states)
                {
                    // In the name of every other.
                    foreach (var other in RoleBroker.Speakers.Where(other => other != speaker))
                    {
                        var could = await attempt.PublishAsync(exchange, RoleBroker.UserOf(other));
                        Expect(false, could, speaker, $"speak as {other} to", exchange);
                    }
                }
            }

            var reads = false;
            foreach (var reader in entry.Consumers.SelectMany(ReadersOf))
            {
                var queue = Names.Queue(reader, entry.Message);
                var isOwn = reader == speaker.ToString();
                var isRelayed = states && isCommand && speaker.Role.Name == Roles.Relay && Roles.Of(reader.Split('.')[0]).IsNamed;
                var isReturned = speaker.Role.Name == Roles.Returner;
                reads |= isOwn;
                Expect(
                    isOwn || isReturned || (isCommand && states),
                    await attempt.PublishAsync(queue, RoleBroker.UserOf(speaker)), speaker, "send to", queue);
                Expect(isOwn || isRelayed, await attempt.MakeQueueAsync(queue, entry.InOrder), speaker, "declare", queue);
                if (!isOwn && !isRelayed)
                    Expect(false, await attempt.DeleteQueueAsync(queue), speaker, "delete", queue);
                Expect(isOwn || isRelayed, await attempt.TakeAsync(queue), speaker, "take from", queue);
            }

            var appends = speaker.Role.Appends.Contains(entry.Message);
            cells[(Wire.NameOf(entry.Message), speaker.Role.Name)] = (states, reads, appends) switch
            {
                (true, true, _) => "says, reads",
                (true, false, _) => "says",
                (false, true, true) => "appends, reads",
                (false, true, false) => "reads",
                (false, false, true) => "appends",
                _ => "",
            };
        }

        // The default exchange leads to any queue by its name.
        Expect(false, await attempt.PublishAsync("", RoleBroker.UserOf(speaker)), speaker, "publish to", "the default exchange");
        Expect(speaker.Role.Observes, await attempt.ListenAsync(Names.Exchange(typeof(Events.Sla.SlaViolated))), speaker, "listen", "");
    }

    private static void Expect(bool allowed, bool could, Speaker speaker, string what, string name) =>
        Assert.True(allowed == could, $"{speaker} {(could ? "could" : "could not")} {what} {name}");

    private static IEnumerable<string> ReadersOf(string consumer) => RoleBroker.Speakers
        .Where(speaker => speaker.Role.Name == consumer).Select(speaker => speaker.ToString());

    private static void Approve(ConcurrentDictionary<(string Message, string Role), string> cells)
    {
        var roles = Roles.All.Select(role => role.Name).ToList();
        var table = new StringBuilder($"| message | {string.Join(" | ", roles)} |\n|---|{string.Concat(roles.Select(_ => "---|"))}\n");
        foreach (var entry in Catalog.Entries)
        {
            var name = Wire.NameOf(entry.Message);
            table.Append($"| {name["justrunit.".Length..]} | {string.Join(" | ", roles.Select(role => cells[(name, role)]))} |\n");
        }

        var file = Path.GetFullPath(Path.Combine(Here(), "../../../docs/roles.md"));
        var text = File.ReadAllText(file);
        var before = text[..(text.IndexOf(Begin, StringComparison.Ordinal) + Begin.Length)];
        var after = text[text.IndexOf(End, StringComparison.Ordinal)..];
        if (Environment.GetEnvironmentVariable("JUSTRUNIT_APPROVE") == "1")
            File.WriteAllText(file, before + table + after);
        Assert.Contains(Begin + table + End, File.ReadAllText(file));
    }

    private static string Here([CallerFilePath] string file = "") => Path.GetDirectoryName(file)!;

    /// <summary>What one user tries; each says whether the broker let it. A refusal ends the channel: the next has a new one.</summary>
    private sealed class Attempts(IConnection connection)
    {
        private IChannel? channel;

        public Task<bool> PublishAsync(string exchange, string user) => TryAsync(async on => await on.BasicPublishAsync(
            exchange, exchange.Length == 0 ? "justrunit.monitor.external-window-reported.v1" : "", mandatory: false,
            new BasicProperties { UserId = user, ContentType = "application/json", MessageId = $"{Guid.NewGuid()}" }, "{}"u8.ToArray()));

        public Task<bool> MakeExchangeAsync(string name) =>
            TryAsync(on => on.ExchangeDeclareAsync(name, ExchangeType.Fanout, durable: true, autoDelete: false));

        public Task<bool> DeleteExchangeAsync(string name) => TryAsync(on => on.ExchangeDeleteAsync(name));

        public Task<bool> MakeQueueAsync(string name, bool inOrder) => TryAsync(on => on.QueueDeclareAsync(
            name,
            durable: true,
            exclusive: false,
            autoDelete: false,
            inOrder
                ? new Dictionary<string, object?> { ["x-queue-type"] = "quorum", ["x-single-active-consumer"] = true }
                : new Dictionary<string, object?> { ["x-queue-type"] = "quorum" }));

        public Task<bool> DeleteQueueAsync(string name) => TryAsync(on => on.QueueDeleteAsync(name, ifUnused: false, ifEmpty: false));

        // As readers do: one that is heard in order cannot be fetched from.
        public Task<bool> TakeAsync(string queue) => TryAsync(async on =>
            await on.BasicCancelAsync(await on.BasicConsumeAsync(queue, autoAck: true, new AsyncEventingBasicConsumer(on))));

        public Task<bool> ListenAsync(string exchange) => TryAsync(async on =>
        {
            var queue = await on.QueueDeclareAsync();
            await on.QueueBindAsync(queue.QueueName, exchange, "");
        });

        private async Task<bool> TryAsync(Func<IChannel, Task> attempt)
        {
            channel ??= await connection.CreateChannelAsync(new CreateChannelOptions(
                publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true));
            try
            {
                await attempt(channel);
                return true;
            }
            catch (Exception e) when (CodeOf(e) is AccessRefused or PreconditionFailed)
            {
                await channel.DisposeAsync();
                channel = null;
                return false;
            }
        }

        private int CodeOf(Exception e) => (e as OperationInterruptedException)?.ShutdownReason?.ReplyCode
            ?? channel?.CloseReason?.ReplyCode ?? 0;
    }
}
