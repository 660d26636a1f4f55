using System.Net.Sockets;
using System.Security.Cryptography;

namespace JustRunIt.HostAgent.Moving;

/// <summary>The first bytes of a receiver's connection: the sender's own number, which only the bus has told.</summary>
internal static class Ticket
{
    private const int Bytes = 16;
    private const int MostAtOnce = 64;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    /// <summary>Says it.</summary>
    public static Task SayAsync(Stream connection, Guid ticket, CancellationToken cancellation) =>
        connection.WriteAsync(ticket.ToByteArray(), cancellation).AsTask();

    /// <summary>
    /// The first connection on which it is said. Several are heard at once: any user of the host may connect, say nothing, and must not
    /// keep the receiver waiting.
    /// </summary>
    /// <param name="listener">Where the receiver comes.</param>
    /// <param name="ticket">The number.</param>
    /// <param name="cancellation">Gives up.</param>
    public static async Task<NetworkStream> AcceptAsync(TcpListener listener, Guid ticket, CancellationToken cancellation)
    {
        var found = new TaskCompletionSource<NetworkStream>(TaskCreationOptions.RunContinuationsAsynchronously);
        using var others = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var accepting = AcceptAllAsync(listener, ticket, found, others.Token);
        try
        {
            await Task.WhenAny(found.Task, accepting);
            // It goes on until one is found: what the listener throws, or that it was given up, is thrown here.
            if (!found.Task.IsCompleted)
                await accepting;
            return await found.Task;
        }
        finally
        {
            await others.CancelAsync();
            await accepting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static async Task AcceptAllAsync(
        TcpListener listener, Guid ticket, TaskCompletionSource<NetworkStream> found, CancellationToken cancellation)
    {
        using var room = new SemaphoreSlim(MostAtOnce);
        var hearing = new List<Task>();
        try
        {
            while (!found.Task.IsCompleted)
            {
                await room.WaitAsync(cancellation);
                var connection = new NetworkStream(await listener.AcceptSocketAsync(cancellation), ownsSocket: true);
                hearing.RemoveAll(one => one.IsCompleted);
                hearing.Add(HearAsync(connection, ticket, found, room, cancellation));
            }
        }
        finally
        {
            await Task.WhenAll(hearing);
        }
    }

    /// <summary>Somebody else's, or that of the receiver of a move that was given up, is closed.</summary>
    private static async Task HearAsync(
        NetworkStream connection,
        Guid ticket,
        TaskCompletionSource<NetworkStream> found,
        SemaphoreSlim room,
        CancellationToken cancellation)
    {
        try
        {
            if (!await IsSaidAsync(connection, ticket, cancellation) || !found.TrySetResult(connection))
                await connection.DisposeAsync();
        }
        catch (OperationCanceledException)
        {
            await connection.DisposeAsync();
        }
        finally
        {
            room.Release();
        }
    }

    /// <summary>Whether it is said.</summary>
    public static async Task<bool> IsSaidAsync(Stream connection, Guid ticket, CancellationToken cancellation)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(Patience);
        var said = new byte[Bytes];
        try
        {
            await connection.ReadExactlyAsync(said, patience.Token);
            return CryptographicOperations.FixedTimeEquals(said, ticket.ToByteArray());
        }
        catch (Exception e) when (e is IOException || (e is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            return false;
        }
    }
}
