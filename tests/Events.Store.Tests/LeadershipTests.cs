using JustRunIt.Events.Store.Relaying;
using Npgsql;

namespace JustRunIt.Events.Store.Tests;

/// <summary>One relay leads: whoever was killed, stopped or cut off has lost the lease, and what it still writes changes nothing.</summary>
public sealed class LeadershipTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);
    private readonly Scene scene = new();

    public Task InitializeAsync() => scene.InitializeAsync();

    public Task DisposeAsync() => scene.DisposeAsync();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task When_the_process_that_leads_is_killed_or_stands_still_another_takes_over_with_a_higher_token(bool isKilled)
    {
        await scene.ConnectAsync();
        using var first = RelayProcess.Start(scene.Connections);
        var token = await UntilLeadsAsync(first.Mark);
        using var host = await scene.StartAsync();
        await scene.AppendAsync(Guid.NewGuid(), 1);
        await scene.UntilAsync(seen => seen.Count >= 1, "the first relays");
        if (isKilled)
            first.Kill();
        else
            first.Stop();
        await scene.AppendAsync(Guid.NewGuid(), 3);
        await scene.UntilAsync(seen => seen.Select(message => message.Id).Distinct().Count() == 4, "the second relays");
        Assert.True(await UntilLeadsAsync($"/{Environment.ProcessId} ") > token);
        if (isKilled)
            return;

        // It wakes, and finds that it leads no longer: nothing is lost, and no token comes twice or falls. On a busy machine the
        // lease may change once more; events are then repeated, and no more than that.
        token = await TokenAsync();
        first.Continue();
        for (var i = 1; i <= 10; i++)
        {
            await scene.AppendAsync(Guid.NewGuid(), 1);
            await scene.UntilAsync(seen => seen.Select(message => message.Id).Distinct().Count() == 4 + i, "whoever leads goes on");
        }

        Assert.True(await TokenAsync() >= token);
        await host.StopAsync();
    }

    [Fact]
    public async Task A_leader_whose_lease_another_has_writes_nothing_and_learns_it_by_itself()
    {
        await using var ofFirst = await OpenAsync();
        await using var ofSecond = await OpenAsync();
        await using var first = await Lease.TryTakeAsync(ofFirst, "first", CancellationToken.None);
        Assert.NotNull(first);
        Assert.Null(await Lease.TryTakeAsync(ofSecond, "second", CancellationToken.None));
        await RelayTable.WriteAsync(ofSecond, first.Fence, 5, sleeping: false, CancellationToken.None);

        await scene.ScalarAsync("UPDATE justrunit.relay SET expires = '-infinity'");
        Lease? second;
        // A heart-beat of the first may come between.
        while ((second = await Lease.TryTakeAsync(ofSecond, "second", CancellationToken.None)) is null)
            await scene.ScalarAsync("UPDATE justrunit.relay SET expires = '-infinity'");
        await using var taken = second;
        Assert.True(second.Fence.Token > first.Fence.Token);
        await using var third = await OpenAsync();
        await Assert.ThrowsAsync<LeadershipLostException>(
            () => RelayTable.WriteAsync(third, first.Fence, 9, sleeping: false, CancellationToken.None));
        await ParkedTable.AddAsync(
            third,
            first.Fence,
            new ParkedMessage(Guid.NewGuid(), 1, "x", "s", 1, null, ParkReason.Refused, "p"),
            CancellationToken.None);
        Assert.Equal(5, await scene.CountAsync("SELECT position FROM justrunit.relay"));
        Assert.Equal(0, await scene.CountAsync("SELECT count(*) FROM justrunit.parked"));
        await Task.Delay(Patience, first.Lost).ContinueWith(waited => Assert.True(waited.IsCanceled), TaskScheduler.Default);
        Assert.Throws<LeadershipLostException>(first.ThrowIfLost);
    }

    [Fact]
    public async Task A_leader_that_cannot_prolong_its_lease_has_stopped_before_another_may_lead()
    {
        await using var connection = await OpenAsync();
        await using var lease = await Lease.TryTakeAsync(connection, "first", CancellationToken.None);
        Assert.NotNull(lease);
        await using var holding = await OpenAsync();
        await using var transaction = await holding.BeginTransactionAsync();
        await using (var hold = new NpgsqlCommand("SELECT FROM justrunit.relay FOR UPDATE", holding))
            await hold.ExecuteNonQueryAsync();
        for (var end = DateTime.UtcNow + Patience; await ScalarAsync<bool>("SELECT expires > clock_timestamp() FROM justrunit.relay");)
            Assert.True(DateTime.UtcNow < end, "the lease runs out");
        Assert.False(lease.IsHeld);
    }

    [Fact]
    public async Task A_lease_that_is_given_back_is_free_at_once_and_one_of_a_database_whose_clock_was_set_back_too()
    {
        await using var ofFirst = await OpenAsync();
        await using (var lease = await Lease.TryTakeAsync(ofFirst, "first", CancellationToken.None))
            await lease!.ReleaseAsync();
        await using var ofSecond = await OpenAsync();
        await using (var lease = await Lease.TryTakeAsync(ofSecond, "second", CancellationToken.None))
            Assert.NotNull(lease);
        await scene.ScalarAsync("UPDATE justrunit.relay SET expires = clock_timestamp() + interval '1 hour'");
        await using var again = await Lease.TryTakeAsync(ofFirst, "third", CancellationToken.None);
        Assert.NotNull(again);
    }

    private async Task<NpgsqlConnection> OpenAsync()
    {
        var connection = new NpgsqlConnection(JustRunIt.Events.Store.Relaying.Patience.OfRelay(scene.Connections.Postgres, "test"));
        await connection.OpenAsync();
        return connection;
    }

    private Task<long> TokenAsync() => scene.CountAsync("SELECT token FROM justrunit.relay");

    private async Task<T> ScalarAsync<T>(string sql) => (T)(await scene.ScalarAsync(sql))!;

    private async Task<long> UntilLeadsAsync(string mark)
    {
        for (var end = DateTime.UtcNow + Patience; ; await Task.Delay(20))
        {
            var holder = await ScalarAsync<string>(
                "SELECT holder FROM justrunit.relay WHERE expires > clock_timestamp() UNION ALL SELECT '' LIMIT 1");
            if (holder.Contains(mark, StringComparison.Ordinal))
                return await TokenAsync();
            Assert.True(DateTime.UtcNow < end, $"{mark} leads; the holder is '{holder}'");
        }
    }
}
