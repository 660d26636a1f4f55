using JasperFx.Events;
using JustRunIt.Events.Matrices;
using JustRunIt.Events.Messaging;

namespace JustRunIt.Events.Store.Tests;

/// <summary>Load, decide, append: at the version that was read, all or nothing.</summary>
public sealed class UnitOfWorkTests : IAsyncLifetime
{
    private readonly Scene scene = new();

    public async Task InitializeAsync()
    {
        await scene.InitializeAsync();
        using var host = await scene.StartAsync();
        await host.StopAsync();
    }

    public Task DisposeAsync() => scene.DisposeAsync();

    [Fact]
    public async Task Of_two_that_decided_on_the_same_version_one_is_refused_with_its_timers()
    {
        var matrix = Guid.NewGuid();
        await scene.AppendAsync(matrix, 1);
        var timers = await scene.CountAsync("SELECT count(*) FROM justrunit.timers");
        await using var first = await BeginAsync(matrix);
        await using var second = await BeginAsync(matrix);
        first.Append(Streams.Matrix(matrix), [Scene.Event(matrix, DateTimeOffset.UtcNow.AddDays(1))]);
        second.Append(Streams.Matrix(matrix), [Scene.Event(matrix, DateTimeOffset.UtcNow.AddDays(2))]);
        await first.CommitAsync(CancellationToken.None);
        await Assert.ThrowsAsync<EventStreamUnexpectedMaxEventIdException>(() => second.CommitAsync(CancellationToken.None));
        Assert.Equal(2, (await scene.Store.LoadAsync<MatrixState>(Streams.Matrix(matrix), CancellationToken.None)).Version);
        Assert.Equal(timers + 1, await scene.CountAsync("SELECT count(*) FROM justrunit.timers"));
    }

    [Fact]
    public async Task A_stream_that_was_not_loaded_is_not_appended_to()
    {
        await using var work = scene.Store.Begin(new Cause(Guid.NewGuid(), Guid.NewGuid(), DateTimeOffset.UtcNow));
        var matrix = Guid.NewGuid();
        Assert.Throws<InvalidOperationException>(() => work.Append(Streams.Matrix(matrix), [Scene.Event(matrix)]));
    }

    [Fact]
    public async Task Each_event_bears_its_cause_and_its_correlation()
    {
        var (matrix, cause) = (Guid.NewGuid(), new Cause(Guid.NewGuid(), Guid.NewGuid(), DateTimeOffset.UtcNow));
        await using var work = scene.Store.Begin(cause);
        await work.LoadAsync<MatrixState>(Streams.Matrix(matrix), CancellationToken.None);
        work.Append(Streams.Matrix(matrix), [Scene.Event(matrix)]);
        await work.CommitAsync(CancellationToken.None);
        await using var session = scene.Marten.QuerySession();
        var recorded = Assert.Single(await session.Events.FetchStreamAsync(Streams.Matrix(matrix)));
        Assert.Equal((cause.MessageId.ToString(), cause.CorrelationId.ToString()), (recorded.CausationId, recorded.CorrelationId));
        Assert.Equal("justrunit.sandbox-awaited.v1", recorded.EventTypeName);
    }

    private async Task<UnitOfWork> BeginAsync(Guid matrix)
    {
        var work = scene.Store.Begin(new Cause(Guid.NewGuid(), matrix, DateTimeOffset.UtcNow));
        await work.LoadAsync<MatrixState>(Streams.Matrix(matrix), CancellationToken.None);
        return work;
    }
}
