using System.Text.Json;
using JustRunIt.Console.Observing;
using JustRunIt.Events.Hosts;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Store;
using JustRunIt.Hosting.Messaging;

namespace JustRunIt.Console.Hosts;

/// <summary>The host agents that answer on the bus.</summary>
internal sealed class HostAgents : IAsyncDisposable
{
    private static readonly TimeSpan AnswerPatience = TimeSpan.FromSeconds(2);

    private HostAgents(Observer observer, Publisher publisher) => (Observer, Publisher) = (observer, publisher);

    /// <summary>What is said on the bus.</summary>
    public Observer Observer { get; }

    private Publisher Publisher { get; }

    /// <summary>Connects.</summary>
    public static async Task<HostAgents> ConnectAsync(CancellationToken cancellation)
    {
        var bus = Connections.FromEnvironment().RabbitMq;
        var observer = await Observer.ConnectAsync(bus, cancellation);
        return new HostAgents(observer, await Publisher.ConnectAsync(bus, "console", cancellation));
    }

    /// <summary>Asks all; those that answer in time.</summary>
    public async Task<IReadOnlyList<HostReported>> AskAsync(CancellationToken cancellation)
    {
        var question = await AskAsync(Publisher, cancellation);
        await Task.Delay(AnswerPatience, cancellation);
        return [.. Observer.Of<HostReported>().Where(answer => answer.RequestId == question).OrderBy(answer => answer.Agent, StringComparer.Ordinal)];
    }

    /// <summary>Asks all; returns the question's number, which the answers have too.</summary>
    public static async Task<Guid> AskAsync(Publisher publisher, CancellationToken cancellation)
    {
        var question = new HostsAsked(Guid.NewGuid());
        await publisher.PublishAsync(
            Wire.NameOf(typeof(HostsAsked)), JsonSerializer.SerializeToUtf8Bytes(question, Wire.Json), Headers(question.RequestId), cancellation);
        return question.RequestId;
    }

    /// <summary>Sends a command.</summary>
    public ValueTask SendAsync(ICommand command, Guid requestId, CancellationToken cancellation) =>
        Publisher.SendAsync(command, Headers(requestId), cancellation);

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await Publisher.DisposeAsync();
        await Observer.DisposeAsync();
    }

    private static MessageHeaders Headers(Guid id) => new(id, id, DateTimeOffset.UtcNow, null, 0);
}
