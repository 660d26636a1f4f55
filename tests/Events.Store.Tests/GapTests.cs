using JustRunIt.Events.Store.Relaying;
using Marten;
using Marten.Services;
using Npgsql;

namespace JustRunIt.Events.Store.Tests;

/// <summary>At a gap the reader waits for those who may still fill it, and for nobody else.</summary>
public sealed class GapTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);
    private readonly Scene scene = new();

    public Task InitializeAsync() => scene.InitializeAsync();

    public Task DisposeAsync() => scene.DisposeAsync();

    [Theory]
    [InlineData("BEGIN; SELECT count(*) FROM justrunit.mt_events")]
    [InlineData("BEGIN ISOLATION LEVEL SERIALIZABLE; SELECT count(*) FROM justrunit.mt_events")]
    [InlineData("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; LOCK TABLE justrunit.mt_events IN ACCESS SHARE MODE; "
        + "SELECT last_value FROM justrunit.mt_events_sequence; SELECT count(*) FROM justrunit.mt_events")]
    [InlineData("BEGIN; INSERT INTO justrunit.handled VALUES (gen_random_uuid(), 'd', now(), 'w', 'd')")]
    public async Task Whoever_has_a_transaction_open_but_appends_nothing_holds_nothing_up(string open)
    {
        await using var other = await OpenAsync();
        await ExecuteAsync(other, open);
        await LeaveGapAsync();
        await scene.AppendAsync(Guid.NewGuid(), 1);
        await using var connection = await OpenAsync();
        var events = await UntilReadAsync(new EventReader(connection), 0, 1);
        Assert.Equal(2, events[0].Sequence);
    }

    [Fact]
    public async Task An_appender_that_is_slow_is_waited_for_whoever_else_comes_and_goes()
    {
        await using var connection = await OpenAsync();
        var reader = new EventReader(connection);
        await using var slow = await OpenAsync();
        await using var transaction = await slow.BeginTransactionAsync();
        await AppendAsync(transaction);
        await scene.AppendAsync(Guid.NewGuid(), 1);
        for (var i = 0; i < 20; i++)
        {
            await scene.AppendAsync(Guid.NewGuid(), 1);
            await LeaveGapAsync();
            Assert.Empty(await reader.ReadAsync(0, CancellationToken.None));
            Assert.True(reader.AtGap);
        }

        Assert.StartsWith("process ", Assert.Single(reader.WaitedFor));
        await transaction.CommitAsync();
        var events = await UntilReadAsync(reader, 0, 22);
        Assert.Equal(1, events[0].Sequence);
        Assert.Equal(events.Select(recorded => recorded.Sequence).Order(), events.Select(recorded => recorded.Sequence));
    }

    [Fact]
    public async Task An_appender_that_began_after_the_gap_was_seen_is_not_waited_for()
    {
        await using var connection = await OpenAsync();
        var reader = new EventReader(connection);
        await using var first = await OpenAsync();
        await using var rolledBack = await first.BeginTransactionAsync();
        await AppendAsync(rolledBack);
        await scene.AppendAsync(Guid.NewGuid(), 1);
        Assert.Empty(await reader.ReadAsync(0, CancellationToken.None));
        await using var second = await OpenAsync();
        await using var late = await second.BeginTransactionAsync();
        await AppendAsync(late);
        await rolledBack.RollbackAsync();
        Assert.Equal(2, (await UntilReadAsync(reader, 0, 1))[0].Sequence);
    }

    [Fact]
    public async Task Numbers_that_the_sequence_has_left_out_hold_nothing_up()
    {
        await scene.AppendAsync(Guid.NewGuid(), 1);
        await scene.ScalarAsync("SELECT setval('justrunit.mt_events_sequence', 1000)");
        await scene.AppendAsync(Guid.NewGuid(), 2);
        await using var connection = await OpenAsync();
        Assert.Equal([1L, 1001, 1002], (await UntilReadAsync(new EventReader(connection), 0, 3)).Select(recorded => recorded.Sequence));
    }

    /// <summary>
    /// The reader is of a role that may see nothing of others' transactions but their locks; it then must neither pass an event by nor
    /// stand still.
    /// </summary>
    [Fact]
    public async Task A_reader_of_another_role_without_any_right_beyond_the_table_waits_and_goes_on()
    {
        const string role = "pg_read_all_settings";
        await scene.ScalarAsync($"GRANT USAGE ON SCHEMA justrunit TO {role}; GRANT SELECT ON justrunit.mt_events TO {role}");
        await using var connection = await OpenAsync();
        await ExecuteAsync(connection, $"SET ROLE {role}");
        var reader = new EventReader(connection);
        await using var slow = await OpenAsync();
        await using var transaction = await slow.BeginTransactionAsync();
        await AppendAsync(transaction);
        await scene.AppendAsync(Guid.NewGuid(), 1);
        for (var i = 0; i < 20; i++)
            Assert.Empty(await reader.ReadAsync(0, CancellationToken.None));
        await transaction.CommitAsync();
        Assert.Equal([1L, 2], (await UntilReadAsync(reader, 0, 2)).Select(recorded => recorded.Sequence));
    }

    /// <summary>A server that takes no prepared transactions has none to wait for.</summary>
    [Fact]
    public async Task An_appender_that_is_prepared_is_waited_for_until_it_is_committed()
    {
        if (Equals(await scene.ScalarAsync("SHOW max_prepared_transactions"), "0"))
            return;
        await using var connection = await OpenAsync();
        var reader = new EventReader(connection);
        var name = $"test-{Guid.NewGuid():N}";
        await using var slow = await OpenAsync();
        // A relay that sleeps is woken by a notification, after which PostgreSQL prepares nothing; while one reads there is none.
        await ExecuteAsync(slow, $"UPDATE {RelayTable.Name} SET sleeping = false");
        await ExecuteAsync(slow, "BEGIN");
        await ExecuteAsync(slow, InsertEvent);
        await scene.AppendAsync(Guid.NewGuid(), 1);
        Assert.Empty(await reader.ReadAsync(0, CancellationToken.None));
        await ExecuteAsync(slow, $"PREPARE TRANSACTION '{name}'");
        for (var i = 0; i < 20; i++)
            Assert.Empty(await reader.ReadAsync(0, CancellationToken.None));
        Assert.StartsWith("prepared transaction ", Assert.Single(reader.WaitedFor));
        await ExecuteAsync(slow, $"COMMIT PREPARED '{name}'");
        Assert.Equal([1L, 2], (await UntilReadAsync(reader, 0, 2)).Select(recorded => recorded.Sequence));
    }

    private const string InsertEvent =
        """
        INSERT INTO justrunit.mt_streams (id, version, timestamp, created, tenant_id, is_archived)
            VALUES ('matrix-prepared', 1, now(), now(), '*DEFAULT*', false);
        INSERT INTO justrunit.mt_events (seq_id, id, stream_id, version, data, type, timestamp, tenant_id, is_archived)
            SELECT nextval('justrunit.mt_events_sequence'), gen_random_uuid(), 'matrix-prepared', 1, '{}', 'justrunit.x.v1', now(),
                '*DEFAULT*', false
        """;

    private static async Task<List<RecordedEvent>> UntilReadAsync(EventReader reader, long position, int count)
    {
        var events = new List<RecordedEvent>();
        for (var end = DateTime.UtcNow + Patience; events.Count < count; await Task.Delay(5))
        {
            Assert.True(DateTime.UtcNow < end, $"{count} are read; {events.Count} were");
            events.AddRange(await reader.ReadAsync(events.Count == 0 ? position : events[^1].Sequence, CancellationToken.None));
        }

        return events;
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    private async Task<NpgsqlConnection> OpenAsync() => await scene.DataSource.OpenConnectionAsync();

    /// <summary>Draws a number that is never used.</summary>
    private async Task LeaveGapAsync()
    {
        await using var connection = await OpenAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await AppendAsync(transaction);
        await transaction.RollbackAsync();
    }

    private async Task AppendAsync(NpgsqlTransaction transaction)
    {
        var matrix = Guid.NewGuid();
        await using var session = scene.Marten.LightweightSession(SessionOptions.ForTransaction(transaction));
        session.Events.StartStream(Messaging.Streams.Matrix(matrix), Scene.Event(matrix));
        await session.SaveChangesAsync();
    }
}
