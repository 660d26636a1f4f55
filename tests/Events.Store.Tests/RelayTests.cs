using JustRunIt.Events.Messaging;
using JustRunIt.Events.Timers;
using Marten;
using Marten.Services;
using Npgsql;

namespace JustRunIt.Events.Store.Tests;

/// <summary>The stream is the outbox: whatever is committed leaves, in order, whoever dies meanwhile.</summary>
public sealed class RelayTests : IAsyncLifetime
{
    private readonly Scene scene = new();

    public Task InitializeAsync() => scene.InitializeAsync();

    public Task DisposeAsync() => scene.DisposeAsync();

    [Fact]
    public async Task What_is_appended_is_published_in_stream_order_with_its_id_correlation_and_version()
    {
        using var host = await scene.StartAsync();
        var matrices = Enumerable.Range(0, 8).Select(_ => Guid.NewGuid()).ToList();
        await Task.WhenAll(matrices.Select(async matrix =>
        {
            for (var i = 0; i < 5; i++)
                await scene.AppendAsync(matrix, 3);
        }));
        await scene.UntilAsync(seen => seen.Count == 8 * 15, "all are relayed");
        foreach (var matrix in matrices)
        {
            var ofStream = scene.Seen.Where(seen => seen.Stream == Streams.Matrix(matrix)).ToList();
            Assert.Equal(Enumerable.Range(1, 15).Select(version => (long)version), ofStream.Select(seen => seen.Version));
            Assert.All(ofStream, seen => Assert.Equal(matrix, seen.CorrelationId));
        }

        Assert.Equal(8 * 15, scene.Seen.Select(seen => seen.Id).Distinct().Count());
        Assert.Equal(8 * 5, scene.Seen.Select(seen => Guid.Parse(seen.Causation!)).Distinct().Count());
        Assert.Equal(8 * 15, await scene.CountAsync("SELECT count(*) FROM justrunit.mt_events"));
        await host.StopAsync();
    }

    [Fact]
    public async Task What_was_committed_while_no_relay_ran_leaves_when_one_starts()
    {
        using (var before = await scene.StartAsync())
            await before.StopAsync();
        await scene.AppendAsync(Guid.NewGuid(), 4);
        Assert.Empty(scene.Seen);
        using var after = await scene.StartAsync();
        await scene.UntilAsync(seen => seen.Count == 4, "the rest is relayed");
        await after.StopAsync();
    }

    [Fact]
    public async Task When_the_leading_relay_ends_another_takes_over()
    {
        using var first = await scene.StartAsync();
        using var second = await scene.StartAsync();
        await scene.AppendAsync(Guid.NewGuid(), 1);
        await scene.UntilAsync(seen => seen.Count == 1, "the first relays");
        await first.StopAsync();
        await scene.AppendAsync(Guid.NewGuid(), 1);
        // The second may repeat what the first had sent last.
        await scene.UntilAsync(seen => seen.Select(message => message.Id).Distinct().Count() == 2, "the second relays");
        await second.StopAsync();
    }

    [Fact]
    public async Task An_event_whose_transaction_ends_late_is_not_passed_by()
    {
        using var host = await scene.StartAsync();
        var (late, early) = (Guid.NewGuid(), Guid.NewGuid());
        await using var connection = new NpgsqlConnection(scene.Connections.Postgres);
        await connection.OpenAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await using (var session = scene.Marten.LightweightSession(SessionOptions.ForTransaction(transaction)))
        {
            session.Events.StartStream(Streams.Matrix(late), Scene.Event(late));
            await session.SaveChangesAsync();
        }

        await scene.AppendAsync(early, 1);
        await Task.Delay(TimeSpan.FromMilliseconds(500));
        Assert.Empty(scene.Seen);
        await transaction.CommitAsync();
        await scene.UntilAsync(seen => seen.Count == 2, "both are relayed");
        Assert.Equal([Streams.Matrix(late), Streams.Matrix(early)], scene.Seen.Select(seen => seen.Stream));
        await host.StopAsync();
    }

    [Fact]
    public async Task A_transaction_that_is_rolled_back_holds_nothing_up()
    {
        using var host = await scene.StartAsync();
        await using (var connection = new NpgsqlConnection(scene.Connections.Postgres))
        {
            await connection.OpenAsync();
            await using var transaction = await connection.BeginTransactionAsync();
            await using var session = scene.Marten.LightweightSession(SessionOptions.ForTransaction(transaction));
            session.Events.StartStream(Streams.Matrix(Guid.NewGuid()), Scene.Event(Guid.NewGuid()));
            await session.SaveChangesAsync();
            await transaction.RollbackAsync();
        }

        await scene.AppendAsync(Guid.NewGuid(), 1);
        await scene.UntilAsync(seen => seen.Count == 1, "the next is relayed");
        await host.StopAsync();
    }

    [Fact]
    public async Task A_timer_outlives_its_process_and_fires_once()
    {
        var matrix = Guid.NewGuid();
        using (var before = await scene.StartAsync())
        {
            await scene.AppendAsync(matrix, 1, DateTimeOffset.UtcNow.AddHours(1));
            await scene.UntilAsync(seen => seen.Count == 1, "it is relayed");
            await before.StopAsync();
        }

        Assert.Equal(1, await scene.CountAsync("SELECT count(*) FROM justrunit.timers"));
        // The hour is over.
        await scene.ScalarAsync("UPDATE justrunit.timers SET due_at = now()");
        var cause = await scene.ScalarAsync("SELECT id::text FROM justrunit.mt_events");
        using var after = await scene.StartAsync();
        await scene.UntilAsync(seen => seen.Any(message => message.Message is TimerElapsed), "the timer fires");
        var timer = Assert.Single(scene.Seen.Select(message => message.Message).OfType<TimerElapsed>());
        Assert.Equal((matrix, TimerKind.SandboxRetry, Streams.Matrix(matrix)), (timer.Subject, timer.Kind, timer.Stream));
        var seen = Assert.Single(scene.Seen, message => message.Message is TimerElapsed);
        Assert.Equal((matrix, (string?)cause), (seen.CorrelationId, seen.Causation));
        await Task.Delay(300);
        Assert.Single(scene.Seen, message => message.Message is TimerElapsed);
        Assert.Equal(0, await scene.CountAsync("SELECT count(*) FROM justrunit.timers"));
        await after.StopAsync();
    }
}
