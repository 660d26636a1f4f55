using JustRunIt.Events.Messaging;
using MassTransit;

namespace JustRunIt.Hosting.Messaging;

/// <summary>
/// Sends commands from one process to another's queue, which it may not declare: the library would. One connection, made when it is
/// needed first, and anew when it has ended.
/// </summary>
/// <param name="rabbitMq">Where the broker is.</param>
/// <param name="name">What the connection is called there.</param>
public sealed class CommandSender(Uri rabbitMq, string name) : IAsyncDisposable
{
    private readonly SemaphoreSlim one = new(1);
    private Publisher? publisher;

    /// <summary>Hears when the broker takes nothing; null for nobody.</summary>
    internal BrokerAlarm? Alarm { get; init; }

    /// <summary>Sends a command that follows from a message; returns once the broker has it.</summary>
    /// <exception cref="Exception">The broker does not take it: it is away, or there is no such queue.</exception>
    public async Task SendAsync(ICommand command, ConsumeContext cause, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(command);
        ArgumentNullException.ThrowIfNull(cause);
        var trace = MessageTrace.Of(cause);
        var id = Guid.NewGuid();
        var headers = new MessageHeaders(
            id, trace.CorrelationId ?? trace.MessageId ?? id, DateTimeOffset.UtcNow, null, 0, trace.MessageId);
        await one.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            // Nobody is told that a connection has ended, and the command would be the first to find it out.
            if (publisher is { IsOpen: false })
                await DropAsync().ConfigureAwait(false);
            publisher ??= await ConnectAsync(cancellation).ConfigureAwait(false);
            await publisher.SendAsync(command, headers, cancellation).ConfigureAwait(false);
        }
        catch
        {
            await DropAsync().ConfigureAwait(false);
            throw;
        }
        finally
        {
            one.Release();
        }
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await DropAsync().ConfigureAwait(false);
        one.Dispose();
    }

    private async Task<Publisher> ConnectAsync(CancellationToken cancellation)
    {
        var made = await Publisher.ConnectAsync(rabbitMq, name, cancellation).ConfigureAwait(false);
        made.BlockedChanged += reason => Alarm?.Changed(made, reason);
        return made;
    }

    private async ValueTask DropAsync()
    {
        if (publisher is not { } made)
            return;
        publisher = null;
        Alarm?.Ended(made);
        await made.DisposeAsync().ConfigureAwait(false);
    }
}
