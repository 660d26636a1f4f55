using System.Net;
using JustRunIt.ProxyNode.Protocols;

namespace JustRunIt.ProxyNode.Installing;

/// <summary>
/// Ends the connections that were open before a proxy was installed, one after another and each while nothing passes on it, so that their
/// clients open them anew, and through the proxy.
/// </summary>
/// <param name="address">The address that the proxy is installed around.</param>
/// <param name="time">For how long nothing must have passed on a connection.</param>
/// <param name="clock">The clock.</param>
/// <param name="say">Told, in one line, what the operator must know.</param>
internal sealed class IdleEnding(IPEndPoint address, TimeSpan time, TimeProvider clock, Action<string> say) : IAsyncDisposable
{
    /// <summary>The least time that is allowed.</summary>
    public static readonly TimeSpan Shortest = TimeSpan.FromSeconds(1);

    /// <summary>So that clients do not all come anew at the same moment.</summary>
    private static readonly TimeSpan BetweenTwo = TimeSpan.FromMilliseconds(100);

    private static readonly TimeSpan Look = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource stop = new();
    private Task running = Task.CompletedTask;
    private int ended;

    /// <summary>Why connections of a protocol cannot be ended from outside; null where they can.</summary>
    public static string? WhyNotOf(IProtocol protocol) => protocol is IMessageProtocol { LogsIn: false }
        ? null
        : $"none where protocol {protocol.Name} is spoken: what goes past the proxy may be within a transaction, and nobody here can tell";

    /// <summary>How many were ended.</summary>
    public int Ended => Volatile.Read(ref ended);

    /// <summary>Begins; ends by itself when no connection goes past the proxy any more.</summary>
    public void Start() => running = RunAsync();

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync().ConfigureAwait(false);
        await running.ConfigureAwait(false);
        stop.Dispose();
    }

    private async Task RunAsync()
    {
        try
        {
            while (OpenConnections.PastUs(address) is { Count: > 0 } past)
            {
                await EndIdlingAsync(past).ConfigureAwait(false);
                await Task.Delay(Look, clock, stop.Token).ConfigureAwait(false);
            }

            say($"no connection to {address} goes past the proxy; {Ended} were ended while they idled");
        }
        catch (ToolException e)
        {
            say($"connections that idle cannot be ended, and go past the proxy until their clients open them anew: {e.Message}");
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The proxy ends.
        }
    }

    /// <summary>
    /// Ends those that idle, the longest first. All connections are listed once; by its turn only the one is looked at again.
    /// </summary>
    private async Task EndIdlingAsync(IReadOnlyCollection<IPEndPoint> past)
    {
        var all = await SocketStatistics.ReadAsync(address.Port).ConfigureAwait(false);
        foreach (var connection in all
            .Where(connection => connection.Idles(time) && address.Equals(connection.Server) && past.Contains(connection.Client))
            .OrderByDescending(connection => connection.SinceSent))
        {
            // It may have woken, or left, while others were ended.
            if (await SocketStatistics.ReadAgainAsync(connection).ConfigureAwait(false) is { } now && now.Idles(time))
            {
                await SocketStatistics.EndAsync(now).ConfigureAwait(false);
                if (await SocketStatistics.ReadAgainAsync(now).ConfigureAwait(false) is not null)
                    throw new ToolException("this kernel ends no connections (INET_DIAG_DESTROY)");
                Interlocked.Increment(ref ended);
            }

            await Task.Delay(BetweenTwo, clock, stop.Token).ConfigureAwait(false);
        }
    }
}
