using System.Text;
using System.Text.Json;
using JustRunIt.Events.Hosts;
using JustRunIt.Events.Matrices;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Placement;
using JustRunIt.Events.Resources;
using JustRunIt.Events.Store.Relaying;
using JustRunIt.Events.Timers;
using JustRunIt.Hosting.Messaging;
using RabbitMQ.Client;

namespace JustRunIt.Events.Store.Tests;

/// <summary>What cannot be handed over is parked with its reason; what follows passes; an operator has it tried again.</summary>
public sealed class ParkedTests : OnBus
{
    private const string Agent = "parked";
    private static readonly string AgentQueue = Names.Queue(Names.HostAgent(Agent), typeof(SetAllocation));
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    [Fact]
    public async Task A_command_whose_queue_is_gone_is_parked_what_follows_passes_and_it_is_sent_when_an_operator_says_so()
    {
        using var host = await Scene.StartAsync();
        await CommandAsync("one");
        await UntilAsync(async () => await TakenAsync() == "one", "the first command is sent");
        await Channel.QueueDeleteAsync(AgentQueue);
        await CommandAsync("two");
        await Scene.AppendAsync(Guid.NewGuid(), 1);
        await Scene.UntilAsync(seen => seen.Count == 1, "what follows passes");
        var parked = await UntilParkedAsync();
        Assert.Equal(
            (ParkReason.QueueGone, Wire.NameOf(typeof(SetAllocation)), AgentQueue), (parked.Reason, parked.WireName, parked.Queue));
        Assert.Equal(("datacenter-parked", 2L), (parked.Stream, parked.Version));

        await AskAsync(parked.Id);
        await UntilAsync(async () => (await ReadAsync())[0] is { IsAsked: false, Tries: 1 }, "it is tried");
        Assert.Equal(ParkReason.QueueGone, Assert.Single(await ReadAsync()).Reason);

        await Channel.QueueDeclareAsync(AgentQueue, true, false, false, new Dictionary<string, object?> { ["x-queue-type"] = "quorum" });
        await Channel.QueueBindAsync(AgentQueue, AgentQueue, "");
        await AskAsync(null);
        await UntilAsync(async () => await TakenAsync() == "two", "it is sent");
        await UntilAsync(async () => (await ReadAsync()).Count == 0, "it is parked no longer");
        await host.StopAsync();
    }

    [Fact]
    public async Task A_command_for_which_the_broker_ends_the_channel_is_found_and_parked_and_all_others_pass()
    {
        // Declared otherwise than we do: the broker answers our own declaration by ending the channel.
        await Channel.QueueDeclareAsync(AgentQueue, durable: true, exclusive: false, autoDelete: false);
        var matrices = Enumerable.Range(0, 6).Select(_ => Guid.NewGuid()).ToList();
        foreach (var matrix in matrices[..3])
            await Scene.AppendAsync(matrix, 2);
        await CommandAsync("one");
        foreach (var matrix in matrices[3..])
            await Scene.AppendAsync(matrix, 2);
        using var host = await Scene.StartAsync();
        await Scene.UntilAsync(seen => seen.Select(message => message.Id).Distinct().Count() == 12, "all others pass");
        var parked = await UntilParkedAsync();
        Assert.Equal((ParkReason.Refused, Wire.NameOf(typeof(SetAllocation))), (parked.Reason, parked.WireName));
        Assert.Contains("PRECONDITION_FAILED", parked.Problem);
        await Scene.AppendAsync(Guid.NewGuid(), 1);
        await Scene.UntilAsync(seen => seen.Select(message => message.Id).Distinct().Count() == 13, "and what comes later");
        await host.StopAsync();
    }

    [Fact]
    public async Task An_event_that_the_broker_refuses_is_parked_and_sent_when_there_is_room_again()
    {
        using var host = await Scene.StartAsync();
        var full = $"full-{Guid.NewGuid():N}";
        var limits = new Dictionary<string, object?> { ["x-max-length"] = 0, ["x-overflow"] = "reject-publish" };
        await Channel.QueueDeclareAsync(full, false, false, false, limits);
        await Channel.QueueBindAsync(full, Names.Exchange(typeof(CellsPruned)), "");
        var pruned = JsonSerializer.Serialize(Samples.Events.OfType<CellsPruned>().Single(), Wire.Json);
        await Scene.AppendRawAsync("matrix-refused", (Wire.NameOf(typeof(CellsPruned)), pruned));
        await Scene.AppendAsync(Guid.NewGuid(), 1);
        await Scene.UntilAsync(seen => seen.Count == 1, "what follows passes");
        var parked = await UntilParkedAsync();
        Assert.Equal((ParkReason.Refused, "matrix-refused", 1L), (parked.Reason, parked.Stream, parked.Version));
        await Channel.QueueDeleteAsync(full);
        await AskAsync(parked.Id);
        await UntilAsync(async () => (await ReadAsync()).Count == 0, "it is parked no longer");
        await host.StopAsync();
    }

    [Fact]
    public async Task A_timer_that_cannot_be_read_is_parked_and_the_next_fires()
    {
        await Scene.ScalarAsync(
            """
            INSERT INTO justrunit.timers (id, due_at, correlation_id, timer)
                VALUES (gen_random_uuid(), now() - interval '1 hour', gen_random_uuid(), '{"kind": "of-tomorrow", "stream": "matrix-x"}')
            """);
        using var host = await Scene.StartAsync();
        await Scene.AppendAsync(Guid.NewGuid(), 1, DateTimeOffset.UtcNow);
        await Scene.UntilAsync(seen => seen.Any(message => message.Message is TimerElapsed), "the next fires");
        var parked = await UntilParkedAsync();
        Assert.Equal((ParkReason.Unreadable, Wire.NameOf(typeof(TimerElapsed))), (parked.Reason, parked.WireName));
        await UntilAsync(
            async () => await Scene.CountAsync("SELECT count(*) FROM justrunit.timers") == 0, "what has fired and what is parked is gone");
        await host.StopAsync();
    }

    [Fact]
    public async Task What_an_earlier_program_parked_is_still_parked_and_handed_over()
    {
        var matrix = Guid.NewGuid();
        await Scene.AppendAsync(matrix, 1);
        await Scene.ScalarAsync(
            """
            DROP TABLE justrunit.parked;
            CREATE TABLE justrunit.parked (
                seq_id bigint PRIMARY KEY, wire_name text NOT NULL, at timestamptz NOT NULL DEFAULT now());
            INSERT INTO justrunit.parked VALUES (1, 'justrunit.sandbox-awaited.v1');
            UPDATE justrunit.relay SET position = 1;
            """);
        using var host = await Scene.StartAsync();
        await Scene.UntilAsync(seen => seen.Count == 1, "it is handed over");
        await UntilAsync(async () => (await ReadAsync()).Count == 0, "it is parked no longer");
        await host.StopAsync();
    }

    [Fact]
    public async Task An_event_that_could_not_be_read_is_handed_over_with_its_commands_also_when_a_leader_ended_while_it_tried()
    {
        await CommandAsync("one");
        await Scene.ScalarAsync(
            $"""
            INSERT INTO justrunit.parked (id, seq_id, wire_name, stream, version, reason)
                SELECT id, seq_id, type, stream_id, version, 'UnknownType' FROM justrunit.mt_events;
            UPDATE justrunit.relay SET position = (SELECT max(seq_id) FROM justrunit.mt_events)
            """);
        await using (var database = await Scene.DataSource.OpenConnectionAsync())
            await ParkedTable.BeginAsync(database, Assert.Single(await ReadAsync()).Id, CancellationToken.None);
        Assert.Equal(ParkReason.UnknownType, Assert.Single(await ReadAsync()).Reason);
        await AskAsync(null);
        using var host = await Scene.StartAsync();
        await UntilAsync(async () => (await ReadAsync()).Count == 0, "it is parked no longer");
        Assert.Equal("one", await TakenAsync());
        await host.StopAsync();
    }

    [Fact]
    public async Task An_event_that_could_not_be_read_and_ends_its_leaders_is_not_tried_for_ever()
    {
        await Scene.AppendAsync(Guid.NewGuid(), 1);
        await Scene.ScalarAsync(
            """
            INSERT INTO justrunit.parked (id, seq_id, wire_name, reason) SELECT id, seq_id, type, 'UnknownType' FROM justrunit.mt_events
            """);
        await using var database = await Scene.DataSource.OpenConnectionAsync();
        foreach (var _ in (int[])[1, 2])
        {
            var parked = Assert.Single(await ParkedTable.ReadAskedAsync(database, unreadToo: true, CancellationToken.None));
            await ParkedTable.BeginAsync(database, parked.Id, CancellationToken.None);
        }

        Assert.Empty(await ParkedTable.ReadAskedAsync(database, unreadToo: true, CancellationToken.None));
        await AskAsync(null);
        Assert.Single(await ParkedTable.ReadAskedAsync(database, unreadToo: false, CancellationToken.None));
    }

    [Fact]
    public async Task An_event_whose_readers_queue_is_gone_is_parked_and_sent_when_it_is_there_again()
    {
        using var host = await Scene.StartAsync();
        await Scene.AppendAsync(Guid.NewGuid(), 1);
        await Scene.UntilAsync(seen => seen.Count == 1, "all queues are there");
        var queue = Names.Queue(Catalog.Placement, typeof(MatrixFilled));
        await Channel.QueueDeleteAsync(queue);
        var filled = JsonSerializer.Serialize(Scene.Ask(Guid.NewGuid()), Wire.Json);
        await Scene.AppendRawAsync("matrix-unheard", (Wire.NameOf(typeof(MatrixFilled)), filled));
        await Scene.AppendAsync(Guid.NewGuid(), 1);
        await Scene.UntilAsync(seen => seen.Count == 2, "what follows passes");
        var parked = await UntilParkedAsync();
        Assert.Equal((ParkReason.QueueGone, "matrix-unheard", 1L), (parked.Reason, parked.Stream, parked.Version));
        Assert.Contains(Wire.NameOf(typeof(MatrixFilled)), parked.Problem);

        await Channel.QueueDeclareAsync(queue, true, false, false, new Dictionary<string, object?> { ["x-queue-type"] = "quorum" });
        await Channel.QueueBindAsync(queue, queue, "");
        await AskAsync(parked.Id);
        await UntilAsync(async () => (await ReadAsync()).Count == 0, "it is parked no longer");
        Assert.NotNull(await Channel.BasicGetAsync(queue, autoAck: true));
        await host.StopAsync();
    }

    [Fact]
    public async Task Timers_and_parked_messages_that_a_full_queue_does_not_take_hold_up_no_event()
    {
        const int count = 60;
        using var host = await Scene.StartAsync();
        await Scene.AppendAsync(Guid.NewGuid(), 1);
        await Scene.UntilAsync(seen => seen.Count == 1, "it relays");
        var full = $"full-{Guid.NewGuid():N}";
        var limits = new Dictionary<string, object?> { ["x-max-length"] = 0, ["x-overflow"] = "reject-publish" };
        await Channel.QueueDeclareAsync(full, false, false, false, limits);
        await Channel.QueueBindAsync(full, Names.Queue(Catalog.Placement, typeof(TimerElapsed)), "");
        var timer = JsonSerializer.Serialize(
            new TimerElapsed("datacenter-full", TimerKind.PlacementRetry, Guid.NewGuid(), DateTimeOffset.UnixEpoch), Wire.Json);
        await Scene.ScalarAsync(
            $"""
            INSERT INTO justrunit.timers (id, due_at, correlation_id, timer)
                SELECT gen_random_uuid(), now(), gen_random_uuid(), '{timer}' FROM generate_series(1, {count})
            """);
        await AnEventPassesAsync(seen: 2);
        await UntilAsync(async () => (await ReadAsync()).Count == count, "all are parked");
        Assert.Equal(0, await Scene.CountAsync("SELECT count(*) FROM justrunit.timers WHERE due_at <= now()"));

        await Scene.ScalarAsync("UPDATE justrunit.parked SET replay = true");
        await AnEventPassesAsync(seen: 3);
        await Channel.QueueDeleteAsync(full);
        await UntilAsync(async () => (await ReadAsync()).All(parked => !parked.IsAsked && parked.Tries > 0), "all are tried");
        await Scene.ScalarAsync("UPDATE justrunit.parked SET replay = true");
        await UntilAsync(async () => (await ReadAsync()).Count == 0, "all are sent");
        await host.StopAsync();
    }

    /// <summary>Much sooner than the broker is asked five times for each of what it does not take.</summary>
    private async Task AnEventPassesAsync(int seen)
    {
        var began = DateTime.UtcNow;
        await Task.Delay(500);
        await Scene.AppendAsync(Guid.NewGuid(), 1);
        await Scene.UntilAsync(all => all.Count == seen, "an event passes");
        Assert.True(DateTime.UtcNow - began < TimeSpan.FromSeconds(20), $"it took {DateTime.UtcNow - began}");
    }

    private async Task CommandAsync(string vm)
    {
        var started = new AllocationStarted(
            "parked",
            Guid.NewGuid(),
            0,
            Guid.NewGuid(),
            Agent,
            vm,
            Allocation.None.With(ResourceNames.Cpu, 1),
            DateTimeOffset.UtcNow,
            DateTimeOffset.UtcNow);
        await Scene.AppendRawAsync(
            "datacenter-parked", (Wire.NameOf(typeof(AllocationStarted)), JsonSerializer.Serialize(started, Wire.Json)));
    }

    private async Task<string?> TakenAsync()
    {
        await using var asking = await Scene.OpenChannelAsync();
        if (await Record.ExceptionAsync(() => asking.QueueDeclarePassiveAsync(AgentQueue)) is not null)
            return null;
        return await asking.BasicGetAsync(AgentQueue, autoAck: true) is { } message
            ? JsonDocument.Parse(Encoding.UTF8.GetString(message.Body.Span)).RootElement.GetProperty("vm").GetString()
            : null;
    }

    private async Task<ParkedMessage> UntilParkedAsync()
    {
        await UntilAsync(async () => (await ReadAsync()).Count > 0, "something is parked");
        return Assert.Single(await ReadAsync());
    }

    private async Task<List<ParkedMessage>> ReadAsync()
    {
        await using var database = await Scene.DataSource.OpenConnectionAsync();
        return await ParkedMessages.ReadAsync(database, CancellationToken.None);
    }

    private async Task AskAsync(Guid? id)
    {
        await using var database = await Scene.DataSource.OpenConnectionAsync();
        Assert.Equal(1, await ParkedMessages.AskAsync(database, id, CancellationToken.None));
    }

    private static async Task UntilAsync(Func<Task<bool>> isSo, string what)
    {
        for (var end = DateTime.UtcNow + Patience; !await isSo(); await Task.Delay(20))
            Assert.True(DateTime.UtcNow < end, what);
    }
}
