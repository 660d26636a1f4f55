using JustRunIt.Events;
using JustRunIt.Events.Matrices;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Store;
using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace JustRunIt.Bench.Pipeline;

/// <summary>Ours: load, decide, append on a Marten stream; relay; quorum queue; consumer. The very code that the services run.</summary>
internal sealed class StreamPath : IPath
{
    private readonly IHost host;
    private readonly EventStore store;

    private StreamPath(IHost host) => (this.host, store) = (host, host.Services.GetRequiredService<EventStore>());

    public string Name => "streams as outbox";

    public static async Task<StreamPath> StartAsync(Connections connections, Arrivals arrivals)
    {
        var builder = ServiceHost.CreateService("bench", consumers => consumers.Add<Reader, CloneFailed>(atOnce: 64), connections);
        builder.Services.AddSingleton(arrivals);
        var host = builder.Build();
        await host.StartAsync();
        return new StreamPath(host);
    }

    public async Task WriteAsync(IReadOnlyList<Guid> ids)
    {
        var cause = new Cause(ids[0], ids[0], DateTimeOffset.UtcNow);
        await using var work = store.Begin(cause);
        var stream = Streams.Matrix(ids[0]);
        var history = await work.LoadAsync<MatrixState>(stream, CancellationToken.None);
        work.Append(stream, history.Decide(cause, _ => ids.Select(Event)));
        await work.CommitAsync(CancellationToken.None);
    }

    public async ValueTask DisposeAsync()
    {
        await host.StopAsync();
        host.Dispose();
    }

    /// <summary>An event that neither a command nor a timer follows from.</summary>
    internal static CloneFailed Event(Guid id) => new(id, "shop-1-clone-0a1b2c3d", "the host agent has not answered");

    private sealed class Reader(Arrivals arrivals) : IConsumer<CloneFailed>
    {
        public Task Consume(ConsumeContext<CloneFailed> context)
        {
            arrivals.Read(context.Message.MatrixId);
            return Task.CompletedTask;
        }
    }
}
