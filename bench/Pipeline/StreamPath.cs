using JustRunIt.Events;
using JustRunIt.Events.Deciding;
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
    private readonly DecisionRunner runner;

    private StreamPath(IHost host) => (this.host, runner) = (host, host.Services.GetRequiredService<DecisionRunner>());

    public string Name => "streams as outbox";

    public static async Task<StreamPath> StartAsync(Connections connections, Arrivals arrivals)
    {
        var builder = ServiceHost.CreateService("bench", consumers => consumers.Add<Reader, CloneFailed>(atOnce: 64), connections);
        builder.Services.AddSingleton(arrivals);
        var host = builder.Build();
        await host.StartAsync();
        return new StreamPath(host);
    }

    public Task WriteAsync(IReadOnlyList<Guid> ids) => runner.HandleAsync(
        new Appending(ids), Event(ids[0]), new Cause(ids[0], ids[0], DateTimeOffset.UtcNow), CancellationToken.None);

    public async ValueTask DisposeAsync()
    {
        await host.StopAsync();
        host.Dispose();
    }

    /// <summary>An event that neither a command nor a timer follows from.</summary>
    internal static CloneFailed Event(Guid id) => new(id, "shop-1-clone-0a1b2c3d", "the host agent has not answered");

    /// <summary>Appends one of them for each id.</summary>
    internal sealed class Appending(IReadOnlyList<Guid> ids) : IDecider<CloneFailed>
    {
        public string Name => "appending";

        public int Version => 1;

        public Decision Decide(IReading reading, CloneFailed message, Cause cause)
        {
            var stream = Streams.Matrix(message.MatrixId);
            _ = reading.State<MatrixState>(stream);
            return Decision.On(stream, ids.Select(Event));
        }
    }

    private sealed class Reader(Arrivals arrivals) : IConsumer<CloneFailed>
    {
        public Task Consume(ConsumeContext<CloneFailed> context)
        {
            arrivals.Read(context.Message.MatrixId);
            return Task.CompletedTask;
        }
    }
}
