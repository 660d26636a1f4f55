using JustRunIt.Events.Auditing;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Store.History;
using JustRunIt.Events.Telling;
using JustRunIt.Hosting.Configuration;
using JustRunIt.Infrastructure;
using Npgsql;

namespace JustRunIt.Events.Store.Tests;

/// <summary>Streams are found as people name them, read page by page, and their causes followed over all streams.</summary>
[Collection(nameof(RehearsedStore))]
public sealed class StreamHistoryTests(RehearsedStore rehearsed) : IAsyncLifetime
{
    private readonly Scene scene = rehearsed.Scene;
    private NpgsqlConnection connection = null!;

    public async Task InitializeAsync()
    {
        connection = await StoreSnapshot.ConnectAsync(scene.Connections.Postgres, CancellationToken.None);
    }

    public async Task DisposeAsync()
    {
        await connection.DisposeAsync();
        await rehearsed.RestoreAsync();
    }

    [Fact]
    public async Task A_stream_is_read_page_by_page_from_any_version_to_any()
    {
        await Rows.FillAsync(scene, "long", 1_000);
        var history = new StreamHistory(connection, pageSize: 7);
        Assert.Equal(Enumerable.Range(1, 1_000), (await VersionsAsync(history, "long", 0, long.MaxValue)).Select(version => (int)version));
        Assert.Equal([14, 15, 16, 17, 18, 19, 20, 21], await VersionsAsync(history, "long", 13, 21));
        Assert.Empty(await VersionsAsync(history, "long", 1_000, long.MaxValue));
        Assert.Empty(await VersionsAsync(history, "none", 0, long.MaxValue));
    }

    [Fact]
    public async Task The_first_events_of_a_long_stream_are_there_without_the_others()
    {
        await Rows.FillAsync(scene, "long", 100_000);
        await scene.ScalarAsync("ANALYZE justrunit.mt_events");
        var plan = string.Join('\n', await scene.LinesAsync(
            """
            EXPLAIN SELECT data FROM justrunit.mt_events
            WHERE stream_id = 'long' AND version > 0 AND version <= 9223372036854775807 ORDER BY version LIMIT 200
            """));
        Assert.DoesNotContain("Seq Scan", plan);
        Assert.DoesNotContain("Sort", plan);
        await foreach (var e in new StreamHistory(connection).ReadAsync("long", 0, long.MaxValue, CancellationToken.None))
        {
            Assert.Equal(1, e.Version);
            break;
        }
    }

    [Fact]
    public async Task Streams_are_found_as_people_name_them()
    {
        Assert.Equal(["service-shop"], await FindAsync("service shop"));
        Assert.Equal(["service-shop"], await FindAsync("service-shop"));
        Assert.Equal(["service-shop"], await FindAsync("service sho"));
        Assert.Equal(["datacenter-dc"], await FindAsync("data-center dc"));
        Assert.Equal(["policy-dc"], await FindAsync("policy dc"));
        Assert.Equal(["sandbox-dc-sandbox-1"], await FindAsync("sandbox dc/sandbox-1"));
        Assert.Equal(["sandbox-dc-sandbox-1"], await FindAsync("sandbox sandbox-1"));
        // What is ambiguous is all that it may be.
        Assert.Equal(["explorations-shop", "service-shop"], await FindAsync("shop"));

        var matrices = await scene.LinesAsync(
            """
            SELECT stream_id FROM justrunit.mt_events
            WHERE type = 'justrunit.matrix-opened.v2' AND data ->> 'service' = 'shop' ORDER BY seq_id
            """);
        Assert.NotEmpty(matrices);
        Assert.Equal(matrices, await FindAsync("matrix shop"));
        Assert.Equal(matrices, await FindAsync("matrix shop/application@2026-01-01"));
        Assert.Empty(await FindAsync("matrix shop/database"));
        Assert.Empty(await FindAsync("matrix shop@2025"));
        var first = (await new StreamFinder(connection).FindAsync(StreamQuery.Parse("matrix shop")!, CancellationToken.None)).Streams[0];
        Assert.Equal(matrices[0], first.Name);
        Assert.Equal([matrices[0]], await FindAsync(first.Told));
        Assert.Equal([matrices[0]], await FindAsync(matrices[0][..20]));
        Assert.Equal([matrices[0]], await FindAsync(matrices[0]["matrix-".Length..][..12]));
        Assert.Equal([matrices[0]], await FindAsync($"matrix {Guid.Parse(matrices[0]["matrix-".Length..])}"));
    }

    [Fact]
    public async Task Events_that_cannot_be_read_hide_no_matrix()
    {
        var before = await FindAsync("matrix shop");
        Assert.NotEmpty(before);
        await scene.AppendRawAsync(
            "explorations-shop",
            ("justrunit.exploration-started.v1", "[]"),
            ("justrunit.exploration-started.v2", "null"),
            ("justrunit.exploration-started.v9", "{}"));
        Assert.Equal(before, await FindAsync("matrix shop"));
    }

    [Fact]
    public async Task For_what_is_not_there_the_nearest_names_are_said()
    {
        Assert.Equal(["service shop"], await NearestAsync("service shpo"));
        Assert.Equal(["data-center dc"], await NearestAsync("data-center cd"));
        Assert.Contains("service bank", await NearestAsync("bnak"));
        Assert.Empty(await NearestAsync("service something-else-altogether"));
    }

    [Fact]
    public async Task Causes_lead_over_streams_and_answers_back_to_the_first_message()
    {
        var finder = new CauseFinder(connection);
        var measured = await OneAsync("type = 'justrunit.experiment-completed.v2' ORDER BY seq_id LIMIT 1");
        var chain = new List<(CausingMessage Message, PastEvent? Event)>();
        await foreach (var cause in finder.FindAsync(measured, CancellationToken.None))
            chain.Add(cause);
        // Measured by a replay, which the clone's allocation led to, which the experiment asked for.
        Assert.Equal(
            ["replay-measured.v2 of proxies", "allocation-set.v2 of agent"], chain.Take(2).Select(cause => cause.Message.Told));
        Assert.Equal(
            ["justrunit.sandbox-allocated.v2", "justrunit.experiment-started.v2"], chain.Take(2).Select(cause => cause.Event!.WireName));
        Assert.True(chain.Count > 2, $"{chain.Count} links");
        Assert.Null(chain[^1].Event);
    }

    [Fact]
    public async Task A_database_without_streams_is_called_so()
    {
        var empty = new PostgresFixture();
        await empty.InitializeAsync();
        var error = await Assert.ThrowsAsync<ConfigurationException>(
            () => StoreSnapshot.OpenAsync(empty.ConnectionString, CancellationToken.None));
        await empty.DisposeAsync();
        Assert.Contains("has no streams; allowed is one that the services have run on", error.Message);
    }

    private static async Task<List<long>> VersionsAsync(StreamHistory history, string stream, long after, long upTo)
    {
        var versions = new List<long>();
        await foreach (var e in history.ReadAsync(stream, after, upTo, CancellationToken.None))
            versions.Add(e.Version);
        return versions;
    }

    private async Task<IEnumerable<string>> FindAsync(string text)
    {
        var found = await new StreamFinder(connection).FindAsync(StreamQuery.Parse(text)!, CancellationToken.None);
        return found.Streams.Select(stream => stream.Name);
    }

    private async Task<IReadOnlyList<string>> NearestAsync(string text)
    {
        var found = await new StreamFinder(connection).FindAsync(StreamQuery.Parse(text)!, CancellationToken.None);
        Assert.Empty(found.Streams);
        return found.Nearest;
    }

    private async Task<PastEvent> OneAsync(string condition)
    {
        await using var snapshot = await StoreSnapshot.OpenAsync(scene.Connections.Postgres, CancellationToken.None);
        var sequence = await scene.CountAsync($"SELECT seq_id FROM justrunit.mt_events WHERE {condition}");
        await foreach (var e in snapshot.EventsAsync(sequence, null, CancellationToken.None))
            return e;
        throw new InvalidOperationException($"no event {condition}");
    }
}
