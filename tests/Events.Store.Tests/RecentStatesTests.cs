using System.Text.Json;
using JustRunIt.Events.Deciding;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Resources;
using JustRunIt.Events.Sla;
using JustRunIt.Events.Tests;

namespace JustRunIt.Events.Store.Tests;

/// <summary>What a process has folded lately is not read again, unless the stream is another by now.</summary>
public sealed class RecentStatesTests : IAsyncLifetime
{
    private static readonly string Shop = Streams.Service("shop");
    private readonly Scene scene = new();
    private EventStore store = null!;

    public async Task InitializeAsync()
    {
        await scene.InitializeAsync();
        store = new EventStore(scene.DataSource, Catalog.Monitor, new RecentStates());
    }

    public Task DisposeAsync() => scene.DisposeAsync();

    [Fact]
    public async Task Only_what_was_appended_since_is_read()
    {
        await FillAsync(10);
        Assert.Equal(10, (await LoadAsync()).Version);
        await scene.ScalarAsync("UPDATE justrunit.mt_events SET data = '{}' WHERE version < 10");
        await AppendAsync("later");
        var read = await LoadAsync();
        Assert.Equal(11, read.Version);
        Assert.Contains(read.State.Violations, violation => violation.Key.Contains("later", StringComparison.Ordinal));
        // Whoever reads everything finds what cannot be read.
        await Assert.ThrowsAnyAsync<JsonException>(() => scene.Store.LoadAsync<ServiceState>(Shop, CancellationToken.None));
    }

    [Fact]
    public async Task A_database_that_went_back_and_goes_on_otherwise_is_read_anew()
    {
        await FillAsync(10);
        await AppendAsync("lost");
        Assert.Equal(11, (await LoadAsync()).Version);
        await scene.ScalarAsync(
            "DELETE FROM justrunit.mt_events WHERE version > 10; UPDATE justrunit.mt_streams SET version = 10");
        Assert.Equal(10, (await LoadAsync()).Version);
        await AppendAsync("lost");
        Assert.Equal(11, (await LoadAsync()).Version);
        await scene.ScalarAsync(
            "DELETE FROM justrunit.mt_events WHERE version > 10; UPDATE justrunit.mt_streams SET version = 10");
        await AppendAsync("other");
        await AppendAsync("another");
        var read = await LoadAsync();
        Assert.Equal(12, read.Version);
        Assert.Equal(
            SnapshotTable.Write((await scene.Store.LoadAsync<ServiceState>(Shop, CancellationToken.None)).State),
            SnapshotTable.Write(read.State));
        Assert.DoesNotContain(read.State.Violations, violation => violation.Key.Contains("lost", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Snapshots_are_taken_as_often_as_without_and_each_service_has_its_own()
    {
        await FillAsync(EventStore.SnapshotEvery + 1);
        await LoadAsync();
        Assert.Equal($"{Catalog.Monitor}/ServiceState {EventStore.SnapshotEvery + 1}", await SnapshotAsync());
        for (var i = 0; i < EventStore.SnapshotEvery; i++)
            await AppendAsync($"{i}");
        await LoadAsync();
        Assert.Equal($"{Catalog.Monitor}/ServiceState {EventStore.SnapshotEvery + 1}", await SnapshotAsync());
        await AppendAsync("last");
        await LoadAsync();
        Assert.Equal($"{Catalog.Monitor}/ServiceState {(2 * EventStore.SnapshotEvery) + 2}", await SnapshotAsync());
        Assert.Equal(0, await BehindAsync(Catalog.Monitor));
        Assert.Equal((2 * EventStore.SnapshotEvery) + 2, await BehindAsync(Catalog.Placement));
    }

    /// <summary>As a decision does, in a transaction that is committed.</summary>
    private async Task<Versioned<ServiceState>> LoadAsync()
    {
        await using var session = scene.Marten.LightweightSession();
        var read = await store.LoadAsync<ServiceState>(session, Shop, CancellationToken.None);
        await session.SaveChangesAsync();
        return read;
    }

    private async Task<long> BehindAsync(string service)
    {
        var (_, behind) = await new EventStore(scene.DataSource, service, null).ReadAsync<ServiceState>(Shop, CancellationToken.None);
        return behind;
    }

    private async Task<string?> SnapshotAsync() =>
        (string?)await scene.ScalarAsync("SELECT string_agg(kind || ' ' || version, ', ') FROM justrunit.snapshots");

    private Task FillAsync(int count) =>
        Rows.FillAsync(scene, Shop, count, Wire.NameOf(typeof(SlaViolated)), Violated("proxies"));

    private Task AppendAsync(string source) => scene.AppendRawAsync(
        Shop, (Wire.NameOf(typeof(SlaViolated)), Violated(source)));

    private static string Violated(string source) =>
        JsonSerializer.Serialize(Sample.Violated(source: source, external: true), Wire.Json);
}
