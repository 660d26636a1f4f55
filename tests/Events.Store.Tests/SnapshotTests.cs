using System.Collections;
using System.Text.Json;
using System.Text.Json.Nodes;
using JustRunIt.Events.DataCenters;
using JustRunIt.Events.Deciding;
using JustRunIt.Events.Explorations;
using JustRunIt.Events.Matrices;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Placement;
using JustRunIt.Events.Resources;
using JustRunIt.Events.Sandboxes;
using JustRunIt.Events.Sealing;
using JustRunIt.Events.Settings;
using JustRunIt.Events.Sla;

namespace JustRunIt.Events.Store.Tests;

/// <summary>What a message costs does not grow with its stream, and what is decided does not depend on shortcuts.</summary>
public sealed class SnapshotTests : IAsyncLifetime
{
    private static readonly string Shop = Streams.Service("shop");
    private readonly Scene scene = new();

    public Task InitializeAsync() => scene.InitializeAsync();

    public Task DisposeAsync() => scene.DisposeAsync();

    [Fact]
    public async Task Behind_ten_thousand_events_a_message_folds_few_and_sees_the_same_state()
    {
        await FillAsync(10_000);
        Assert.Equal(10_000, (await scene.Store.ReadAsync<ServiceState>(Shop, CancellationToken.None)).Behind);
        await HandleAsync(1);
        for (var message = 2; message <= 120; message++)
        {
            var (read, behind) = await scene.Store.ReadAsync<ServiceState>(Shop, CancellationToken.None);
            Assert.InRange(behind, 0, EventStore.SnapshotEvery + 1);
            Assert.Equal(10_000 + message - 1, read.Version);
            await HandleAsync(message);
        }

        var now = (await scene.Store.ReadAsync<ServiceState>(Shop, CancellationToken.None)).Read;
        Assert.Equal(Json(await FoldEverythingAsync()), Json(now.State));
        Assert.Equal(121, now.State.Violations.Count);
        Assert.Equal(1, await scene.CountAsync("SELECT count(*) FROM justrunit.snapshots"));
    }

    [Fact]
    public async Task The_rest_behind_a_snapshot_is_found_through_the_index_of_the_stream()
    {
        await FillAsync(30_000);
        foreach (var mode in new[] { "force_generic_plan", "force_custom_plan" })
        {
            var plan = string.Join('\n', await scene.LinesAsync(
                $"""
                SET plan_cache_mode = {mode};
                PREPARE asked(varchar, bigint) AS {EventStore.EventsAfter};
                EXPLAIN ANALYZE EXECUTE asked('{Shop}', 29990);
                DEALLOCATE asked;
                RESET plan_cache_mode;
                """));
            Assert.Contains("Index Scan", plan);
            Assert.DoesNotContain("Seq Scan", plan);
            Assert.DoesNotContain("Rows Removed", plan);
            Assert.Contains("rows=10 ", plan);
        }
    }

    [Fact]
    public async Task A_snapshot_of_another_format_is_passed_over_and_taken_anew()
    {
        await FillAsync(200);
        await HandleAsync(1);
        await scene.ScalarAsync("UPDATE justrunit.snapshots SET format = 'another', state = '{}', version = 1000");
        var (read, behind) = await scene.Store.ReadAsync<ServiceState>(Shop, CancellationToken.None);
        Assert.Equal((201, 201), (read.Version, behind));
        Assert.Equal(Json(await FoldEverythingAsync()), Json(read.State));
        await HandleAsync(2);
        Assert.Equal(
            $"{SnapshotTable.FormatOf<ServiceState>()} 201",
            await scene.ScalarAsync("SELECT format || ' ' || version FROM justrunit.snapshots"));
        Assert.Equal(1, (await scene.Store.ReadAsync<ServiceState>(Shop, CancellationToken.None)).Behind);
    }

    [Fact]
    public async Task A_snapshot_that_was_deleted_changes_nothing()
    {
        await FillAsync(100);
        await HandleAsync(1);
        await scene.ScalarAsync("DELETE FROM justrunit.snapshots");
        var (read, _) = await scene.Store.ReadAsync<ServiceState>(Shop, CancellationToken.None);
        Assert.Equal(Json(await FoldEverythingAsync()), Json(read.State));
    }

    [Fact]
    public void The_state_of_a_matrix_comes_back_whole() => ComesBack<MatrixState>();

    [Fact]
    public void The_state_of_a_placement_comes_back_whole() => ComesBack<PlacementState>();

    [Fact]
    public void An_inventory_comes_back_whole() => ComesBack<Inventory>();

    [Fact]
    public void The_state_of_a_service_comes_back_whole() => ComesBack<ServiceState>();

    [Fact]
    public void The_state_of_explorations_comes_back_whole() => ComesBack<ExplorationsState>();

    [Fact]
    public void The_state_of_a_sandbox_comes_back_whole() => ComesBack<SandboxState>();

    [Fact]
    public void A_policy_comes_back_whole() => ComesBack<PolicyState>();

    [Fact]
    public void The_state_of_a_log_comes_back_whole() => ComesBack<SealState>();

    [Fact]
    public void Every_state_of_the_domain_is_among_those_that_come_back()
    {
        var states = typeof(MatrixState).Assembly.GetTypes()
            .Where(type => type.GetInterfaces().Any(i => i.IsGenericType && i.GetGenericTypeDefinition() == typeof(IState<>)));
        Assert.Equal(
            ["ExplorationsState", "Inventory", "MatrixState", "PlacementState", "PolicyState", "SandboxState", "SealState", "ServiceState"],
            states.Where(type => !type.IsInterface).Select(type => type.Name).Order(StringComparer.Ordinal));
    }

    private static void ComesBack<TState>()
        where TState : class, IState<TState>
    {
        foreach (var state in new[] { TState.Initial, Samples.State<TState>() })
        {
            var json = SnapshotTable.Write(state);
            // Through PostgreSQL the fields change their order, as in a jsonb column.
            var back = SnapshotTable.Read<TState>(Reversed(JsonNode.Parse(json)!).ToJsonString());
            Assert.True(JsonNode.DeepEquals(JsonNode.Parse(json), JsonNode.Parse(SnapshotTable.Write(back))), json);
            Same(typeof(TState).Name, state, back);
        }
    }

    private static JsonNode Reversed(JsonNode node) => node switch
    {
        JsonObject fields => new JsonObject(
            fields.Reverse().Select(field => KeyValuePair.Create(field.Key, field.Value is { } value ? Reversed(value) : null))),
        JsonArray items => new JsonArray([.. items.Select(item => item is null ? null : Reversed(item))]),
        _ => node.DeepClone(),
    };

    /// <summary>Field by field, so that nothing is left out because it is not written.</summary>
    private static void Same(string path, object? one, object? other)
    {
        if (one is null || other is null || one is string || one.GetType().IsPrimitive || one is Allocation or Measurement or Cell)
        {
            Assert.True(Equals(one, other), $"{path}: {one} and {other}");
            return;
        }

        if (one is IEnumerable items)
        {
            if (one.GetType().GetProperty("KeyComparer") is { } comparer)
                Assert.Same(comparer.GetValue(one), comparer.GetValue(other));
            // All but plain dictionaries promise an order.
            var plain = one.GetType().Name.StartsWith("Dictionary", StringComparison.Ordinal);
            var (left, right) = (Items(items, plain), Items((IEnumerable)other, plain));
            Assert.True(left.Count == right.Count, $"{path}: {left.Count} and {right.Count} items");
            for (var i = 0; i < left.Count; i++)
                Same($"{path}[{i}]", left[i], right[i]);
            return;
        }

        if (one is ValueType && one.GetType() is { IsGenericType: false })
        {
            Assert.True(one.Equals(other), $"{path}: {one} and {other}");
            return;
        }

        foreach (var property in one.GetType().GetProperties().Where(property => property.GetIndexParameters().Length == 0))
        {
            // What is computed follows from the rest.
            if (property.CanWrite || one.GetType().Name.StartsWith("KeyValuePair", StringComparison.Ordinal))
                Same($"{path}.{property.Name}", property.GetValue(one), property.GetValue(other));
        }
    }

    private static List<object?> Items(IEnumerable items, bool sorted) =>
        sorted ? [.. items.Cast<object?>().OrderBy(item => item!.ToString(), StringComparer.Ordinal)] : [.. items.Cast<object?>()];

    private Task FillAsync(int count)
    {
        var violated = Violated(Samples.Noon, "proxies", external: false);
        return Rows.FillAsync(scene, Shop, count, Wire.NameOf(typeof(SlaViolated)), JsonSerializer.Serialize(violated, Wire.Json));
    }

    private Task HandleAsync(int number) => scene.Runner.HandleAsync(
        new Violating(),
        new ExternalWindowReported($"monitor-{number}", "shop", Samples.Noon, Samples.Noon.AddSeconds(10), 1, TimeSpan.FromSeconds(1)),
        new Cause(Guid.NewGuid(), Guid.NewGuid(), Samples.Noon),
        CancellationToken.None);

    private async Task<ServiceState> FoldEverythingAsync()
    {
        await using var session = scene.Marten.QuerySession();
        var events = await session.Events.FetchStreamAsync(Shop);
        return events.Select(e => (IDomainEvent)e.Data).Aggregate(ServiceState.Initial, ServiceState.Evolve);
    }

    private static SlaViolated Violated(DateTimeOffset from, string source, bool external) => new(
        "shop", from, from.AddSeconds(10), Agreement.OnMean(TimeSpan.FromMilliseconds(100)), 120, 50, 1, source, external, from);

    private static string Json(ServiceState state) => SnapshotTable.Write(state);

    /// <summary>Every monitor sees a violation of its own.</summary>
    private sealed class Violating : IDecider<ExternalWindowReported>
    {
        public string Name => "violating";

        public int Version => 1;

        public Decision Decide(IReading reading, ExternalWindowReported message, Cause cause)
        {
            var stream = Streams.Service(message.Service);
            reading.State<ServiceState>(stream);
            return Decision.On(stream, Violated(message.From, message.Monitor, external: true));
        }
    }
}
