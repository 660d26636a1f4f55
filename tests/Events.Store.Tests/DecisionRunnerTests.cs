using System.Text.Json;
using System.Text.Json.Nodes;
using JasperFx.Events;
using JustRunIt.Events.Deciding;
using JustRunIt.Events.Hosts;
using JustRunIt.Events.Matrices;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Resources;
using JustRunIt.Events.Sandboxes;
using JustRunIt.Events.Settings;
using JustRunIt.Events.Sla;

namespace JustRunIt.Events.Store.Tests;

/// <summary>Load, decide, append: at the version that was read, all or nothing, with everything that was read for it.</summary>
public sealed class DecisionRunnerTests : IAsyncLifetime
{
    private readonly Scene scene = new();

    public Task InitializeAsync() => scene.InitializeAsync();

    public Task DisposeAsync() => scene.DisposeAsync();

    [Fact]
    public async Task What_was_handled_long_ago_is_dropped_in_portions_and_what_was_lately_stays()
    {
        await scene.ScalarAsync(
            $"""
            INSERT INTO {HandledTable.Name} SELECT gen_random_uuid(), 'sla', now() - interval '8 days', 'Unchanged', ''
                FROM generate_series(1, {HandledTable.Portion + 1});
            INSERT INTO {HandledTable.Name} VALUES (gen_random_uuid(), 'sla', now() - interval '6 days', 'Unchanged', '')
            """);
        await using var connection = await scene.DataSource.OpenConnectionAsync();
        Assert.True(await HandledTable.DropSomeOldAsync(connection, CancellationToken.None));
        Assert.Equal(2, await scene.CountAsync($"SELECT count(*) FROM {HandledTable.Name}"));
        Assert.False(await HandledTable.DropSomeOldAsync(connection, CancellationToken.None));
        Assert.Equal(1, await scene.CountAsync($"SELECT count(*) FROM {HandledTable.Name}"));
    }

    [Fact]
    public async Task Each_event_bears_cause_correlation_and_everything_that_its_decision_read()
    {
        var matrix = Guid.NewGuid();
        await scene.AppendAsync(matrix, 2);
        var policy = new DataCenterConfigured("dc", Policy.Default with { Name = "ours", Version = 7 }, Samples.Noon);
        await scene.AppendRawAsync(Streams.Policy("dc"), (Wire.NameOf(policy.GetType()), JsonSerializer.Serialize(policy, Wire.Json)));
        var cause = NewCause();
        var correlation = Guid.NewGuid();
        await scene.Runner.HandleAsync(new Wondering(correlation), Scene.Ask(matrix), cause, CancellationToken.None);

        var stored = JsonNode.Parse((string)(await scene.ScalarAsync(
            $"SELECT headers::text FROM justrunit.mt_events WHERE stream_id = '{Streams.Matrix(matrix)}' AND version = 3"))!)!["decision"]!;
        Assert.Equal(
            ["at", "decider", "facts", "folds", "message", "policy", "rule", "streams"],
            stored.AsObject().Select(field => field.Key).Order(StringComparer.Ordinal));
        var record = stored.Deserialize<DecisionRecord>(Wire.Json)!;
        Assert.Equal(("wondering", 4, cause.At), (record.Decider, record.Rule, record.At));
        Assert.Equal(
            ("justrunit.matrix-filled.v1", cause.MessageId, cause.CorrelationId),
            (record.Message.Type, record.Message.Id, record.Message.CorrelationId));
        Assert.True(JsonNode.DeepEquals(JsonSerializer.SerializeToNode(Scene.Ask(matrix), Wire.Json), record.Message.Body));
        Assert.Equal(
            new Dictionary<string, long> { [Streams.Matrix(matrix)] = 2, [Streams.Policy("dc")] = 1, [Streams.Sandbox("dc", "s")] = 0 },
            record.Streams);
        Assert.Equal(["PowerAsked", "PowerAsked"], record.Facts.Select(fact => fact.Type));
        Assert.Equal("vm", record.Facts[0].Asked["vm"]!.GetValue<string>());
        Assert.Equal(Scene.Power.Drawn, record.Facts[0].Answer.Deserialize<PowerDrawn>(Wire.Json));
        Assert.Null(record.Facts[1].Answer);
        Assert.Equal(new RecordedPolicy("ours", 7), record.Policy);
        Assert.Equal(new Dictionary<string, int> { ["MatrixState"] = 1, ["PolicyState"] = 1, ["SandboxState"] = 1 }, record.Folds);

        await using var session = scene.Marten.QuerySession();
        var events = await session.Events.FetchStreamAsync(Streams.Matrix(matrix), fromVersion: 3);
        Assert.Equal(2, events.Count);
        Assert.All(events, e =>
        {
            Assert.Equal((cause.MessageId.ToString(), correlation.ToString()), (e.CausationId, e.CorrelationId));
            Assert.Equal("justrunit.sandbox-awaited.v1", e.EventTypeName);
            Assert.Contains(DecisionRecord.Header, e.Headers!.Keys);
        });
    }

    [Fact]
    public async Task Events_that_say_what_they_belong_to_are_stored_each_under_its_own_correlation()
    {
        var cause = NewCause();
        await scene.Runner.HandleAsync(new Violating(), Scene.Ask(Guid.NewGuid()), cause, CancellationToken.None);
        var own = new[] { Violating.First, Violating.Second }.Select(e => ((ICorrelated)e).CorrelationId).ToList();
        Assert.Equal(2, own.Distinct().Count());
        await using var session = scene.Marten.QuerySession();
        var events = await session.Events.FetchStreamAsync(Streams.Service("shop"));
        Assert.Equal(
            [$"{own[0]}", $"{own[1]}", $"{cause.CorrelationId}"],
            events.Select(e => e.CorrelationId!));
        Assert.All(events, e => Assert.Equal(cause.MessageId.ToString(), e.CausationId));
    }

    [Fact]
    public async Task A_decision_without_a_correlation_of_its_own_has_that_of_the_message()
    {
        var (matrix, cause) = (Guid.NewGuid(), NewCause());
        await scene.Runner.HandleAsync(new Wondering(null), Scene.Ask(matrix), cause, CancellationToken.None);
        Assert.Equal(cause.CorrelationId.ToString(), await scene.ScalarAsync("SELECT DISTINCT correlation_id FROM justrunit.mt_events"));
    }

    [Fact]
    public async Task Every_event_is_stored_as_it_goes_over_the_wire()
    {
        var events = Samples.Events.ToList();
        await using (var session = scene.Marten.LightweightSession())
        {
            session.Events.StartStream("all", [.. events]);
            await session.SaveChangesAsync();
        }

        var stored = await scene.LinesAsync("SELECT type || ' ' || data::text FROM justrunit.mt_events ORDER BY version");
        Assert.Equal(events.Count, stored.Count);
        foreach (var (line, @event) in stored.Zip(events))
        {
            Assert.StartsWith(Wire.NameOf(@event.GetType()) + " ", line);
            var body = JsonNode.Parse(line[line.IndexOf('{', StringComparison.Ordinal)..]);
            var expected = JsonNode.Parse(JsonSerializer.Serialize(@event, @event.GetType(), Wire.Json));
            Assert.True(JsonNode.DeepEquals(expected, body), $"{line}\nexpected {expected}");
        }
    }

    [Fact]
    public async Task Of_two_that_decided_on_the_same_version_one_is_refused_with_its_timers()
    {
        var matrix = Guid.NewGuid();
        await scene.AppendAsync(matrix, 1);
        var timers = await scene.CountAsync("SELECT count(*) FROM justrunit.timers");
        using var both = new Barrier(2);
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 2).Select(i => Task.Run(async () =>
            await Record.ExceptionAsync(() => scene.Runner.HandleAsync(
                new Meeting(both, Samples.Noon.AddYears(100 + i)), Scene.Ask(matrix), NewCause(), CancellationToken.None)))));
        Assert.IsType<EventStreamUnexpectedMaxEventIdException>(Assert.Single(outcomes, outcome => outcome is not null));
        Assert.Equal(2, (await scene.Store.LoadAsync<MatrixState>(Streams.Matrix(matrix), CancellationToken.None)).Version);
        Assert.Equal(timers + 1, await scene.CountAsync("SELECT count(*) FROM justrunit.timers"));
    }

    [Fact]
    public async Task A_message_that_led_to_events_decides_nothing_again()
    {
        var (matrix, cause) = (Guid.NewGuid(), NewCause());
        Assert.Null((await scene.Runner.HandleAsync(new Wondering(null), Scene.Ask(matrix), cause, CancellationToken.None)).Why);
        var again = await scene.Runner.HandleAsync(new Wondering(null), Scene.Ask(matrix), cause, CancellationToken.None);
        Assert.Equal(WhyNothing.AlreadyHandled, again.Why);
        Assert.Equal(2, await scene.CountAsync("SELECT count(*) FROM justrunit.mt_events"));
        // To another decider it is news.
        Assert.Null((await scene.Runner.HandleAsync(new Unwilling(), Scene.Ask(matrix), cause, CancellationToken.None)).Why);
    }

    [Fact]
    public async Task A_message_that_led_to_nothing_decides_nothing_again_although_the_state_has_changed()
    {
        var (matrix, cause) = (Guid.NewGuid(), NewCause());
        var first = await scene.Runner.HandleAsync(new Unwilling(), Scene.Ask(matrix), cause, CancellationToken.None);
        Assert.Equal((WhyNothing.NotAwaited, "the matrix is empty"), (first.Why, first.Detail));
        Assert.Equal(
            $"{cause.MessageId} unwilling NotAwaited the matrix is empty",
            await scene.ScalarAsync("SELECT message_id || ' ' || decider || ' ' || why || ' ' || detail FROM justrunit.handled"));
        await scene.AppendAsync(matrix, 1);
        var again = await scene.Runner.HandleAsync(new Unwilling(), Scene.Ask(matrix), cause, CancellationToken.None);
        Assert.Equal(WhyNothing.AlreadyHandled, again.Why);
        // Another message of the same content is not the same message.
        Assert.Null((await scene.Runner.HandleAsync(new Unwilling(), Scene.Ask(matrix), NewCause(), CancellationToken.None)).Why);
    }

    [Fact]
    public async Task Whether_a_message_was_handled_is_found_through_indexes_in_a_large_store()
    {
        await Rows.FillAsync(scene, "large", 30_000);
        foreach (var mode in new[] { "force_generic_plan", "force_custom_plan" })
        {
            var plan = string.Join('\n', await scene.LinesAsync(
                $"""
                SET plan_cache_mode = {mode};
                PREPARE asked(varchar, text, uuid) AS {HandledTable.Query};
                EXPLAIN EXECUTE asked('{Guid.NewGuid()}', 'sla', '{Guid.NewGuid()}');
                DEALLOCATE asked;
                RESET plan_cache_mode;
                """));
            Assert.Contains(HandledTable.CauseIndex, plan);
            Assert.DoesNotContain("Seq Scan on mt_events", plan);
        }
    }

    [Fact]
    public async Task What_the_services_add_to_the_schema_stays_when_they_start_again()
    {
        // The very same ones: an index that is dropped and made again makes a large store wait.
        const string relations =
            "SELECT relname || ' ' || oid FROM pg_class WHERE relnamespace = 'justrunit'::regnamespace ORDER BY relname";
        var before = await scene.LinesAsync(relations);
        Assert.Contains(before, relation => relation.StartsWith(HandledTable.CauseIndex, StringComparison.Ordinal));
        for (var start = 0; start < 2; start++)
        {
            using var host = await scene.StartAsync();
            await host.StopAsync();
        }

        Assert.Equal(before, await scene.LinesAsync(relations));
        Assert.Equal(1, await scene.CountAsync("SELECT count(*) FROM pg_trigger WHERE tgname = 'wake_relay'"));
        Assert.Equal(5, await scene.CountAsync(
            """
            SELECT count(*) FROM pg_tables
            WHERE schemaname = 'justrunit' AND tablename IN ('timers', 'relay', 'parked', 'snapshots', 'handled')
            """));
    }

    private static Cause NewCause() => new(Guid.NewGuid(), Guid.NewGuid(), Samples.Noon.AddTicks(1_234_567));

    /// <summary>Looks at much, and appends two events.</summary>
    private sealed class Wondering(Guid? correlation) : IDecider<MatrixFilled>
    {
        public string Name => "wondering";

        public int Version => 4;

        public Decision Decide(IReading reading, MatrixFilled message, Cause cause)
        {
            var stream = Streams.Matrix(message.MatrixId);
            reading.State<MatrixState>(stream);
            reading.State<SandboxState>(Streams.Sandbox("dc", "s"));
            reading.State<PolicyState>(Streams.Policy("dc"));
            reading.Fact(new PowerAsked("dc", "vm", Samples.Noon, Samples.Noon.AddSeconds(1)));
            reading.Fact(new PowerAsked("dc", "unknown", Samples.Noon, Samples.Noon.AddSeconds(1)));
            var decision = Decision.On(stream, Scene.Event(message.MatrixId), Scene.Event(message.MatrixId));
            return correlation is { } own ? decision.Under(own) : decision;
        }
    }

    /// <summary>Says of two windows that each begins a violation, and of the service something that is of neither.</summary>
    private sealed class Violating : IDecider<MatrixFilled>
    {
        public static SlaViolated First { get; } = Violated(Samples.Noon);

        public static SlaViolated Second { get; } = Violated(Samples.Noon.AddSeconds(10));

        public string Name => "violating";

        public int Version => 1;

        public Decision Decide(IReading reading, MatrixFilled message, Cause cause)
        {
            var stream = Streams.Service("shop");
            reading.State<ServiceState>(stream);
            return Decision.On(stream, First, Second, new ServiceWithdrawn("shop", "dc", Samples.Noon));
        }

        private static SlaViolated Violated(DateTimeOffset from) => new(
            "shop", from, from.AddSeconds(10), Agreement.OnMean(TimeSpan.FromMilliseconds(100)), 200, 10, 1, "proxies", false, from);
    }

    /// <summary>Decides nothing on an empty stream.</summary>
    private sealed class Unwilling : IDecider<MatrixFilled>
    {
        public string Name => "unwilling";

        public int Version => 1;

        public Decision Decide(IReading reading, MatrixFilled message, Cause cause)
        {
            var stream = Streams.Matrix(message.MatrixId);
            reading.State<MatrixState>(stream);
            return reading.VersionOf(stream) == 0
                ? Decision.Nothing(WhyNothing.NotAwaited, "the matrix is empty")
                : Decision.On(stream, Scene.Event(message.MatrixId));
        }
    }

    /// <summary>Waits, once it has read, until the other has read.</summary>
    private sealed class Meeting(Barrier both, DateTimeOffset retryAt) : IDecider<MatrixFilled>
    {
        public string Name => "meeting";

        public int Version => 1;

        public Decision Decide(IReading reading, MatrixFilled message, Cause cause)
        {
            var stream = Streams.Matrix(message.MatrixId);
            reading.State<MatrixState>(stream);
            Assert.True(both.SignalAndWait(TimeSpan.FromMinutes(1)), "the other has read");
            return Decision.On(stream, Scene.Event(message.MatrixId, retryAt));
        }
    }
}
