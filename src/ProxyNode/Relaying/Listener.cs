using System.Net;
using System.Net.Sockets;
using JustRunIt.Hosting.Configuration;
using JustRunIt.ProxyNode.Sockets;
using Microsoft.Win32.SafeHandles;

namespace JustRunIt.ProxyNode.Relaying;

/// <summary>Accepts connections and serves each until it ends.</summary>
internal sealed class Listener : IAsyncDisposable
{
    private const int Backlog = 1024;
    private const int MostShedAtOnce = 256;

    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(200);

    private readonly Socket socket;
    private readonly ConnectionRoll roll;
    private readonly Func<ServedConnection, CancellationToken, Task> serve;
    private readonly CancellationTokenSource stop = new();
    private readonly Task accepting;

    /// <summary>Given up for as long as it takes to turn a client away when there is no other descriptor.</summary>
    private SafeFileHandle? spare;

    private Listener(Socket socket, ConnectionRoll roll, Func<ServedConnection, CancellationToken, Task> serve)
    {
        this.socket = socket;
        this.roll = roll;
        this.serve = serve;
        spare = OpenSpare();
        accepting = AcceptAsync();
    }

    /// <summary>Where it listens; the port is the system's choice where 0 was asked for.</summary>
    public IPEndPoint EndPoint => (IPEndPoint)socket.LocalEndPoint!;

    /// <summary>Connections that are open.</summary>
    public int Open => roll.Open;

    /// <summary>What was counted of them.</summary>
    public ConnectionFigures Figures => roll.ReadFigures();

    /// <summary>
    /// Listens on an address for a clone, which may have a part of what there is: nothing on-line is refused because of it.
    /// </summary>
    /// <exception cref="ConfigurationException">The address is in use or not of this machine.</exception>
    public static Listener Start(IPEndPoint endPoint, Func<Socket, CancellationToken, Task> serve) => Start(
        endPoint,
        new ConnectionRoll(new ConnectionLimits { MaxConnections = Descriptors.Most / 4 }, TimeProvider.System),
        (served, stop) => served.Refused is null ? serve(served.Socket, stop) : Task.CompletedTask);

    /// <summary>Listens on an address.</summary>
    /// <exception cref="ConfigurationException">The address is in use or not of this machine.</exception>
    public static Listener Start(IPEndPoint endPoint, ConnectionRoll roll, Func<ServedConnection, CancellationToken, Task> serve)
    {
        var socket = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            // Every accepted one has these too.
            socket.NoDelay = true;
            KeepAlive.Set(socket);
            socket.Bind(endPoint);
            socket.Listen(Backlog);
            return new Listener(socket, roll, serve);
        }
        catch (SocketException e)
        {
            socket.Dispose();
            roll.Dispose();
            throw new ConfigurationException($"listen: '{endPoint}': {e.Message}; allowed is a free address of this machine");
        }
    }

    /// <summary>
    /// Ends each connection of a protocol with transactions over which nothing is under way; of any other protocol reads nothing more from
    /// the client, so that it ends when what it has asked is answered.
    /// </summary>
    /// <returns>How many are within a transaction, or a statement, and are still to end.</returns>
    public int EndAfterReplies()
    {
        var left = 0;
        foreach (var client in roll.Read())
        {
            if (client.Relayed?.TryLeaveBetweenTransactions() == true)
            {
                left++;
                continue;
            }

            client.IsLetGo = true;
            // Its last request is heard to the end: it was begun before.
            if (client.Relayed?.IsWithinRequest == true)
                continue;
            try
            {
                client.Socket.Shutdown(SocketShutdown.Receive);
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                // It has ended by itself.
            }
        }

        return left;
    }

    /// <summary>Takes no more connections, and ends those that are open; waits for nothing.</summary>
    public void Stop()
    {
        stop.Cancel();
        socket.Dispose();
        roll.Dispose();
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync().ConfigureAwait(false);
        socket.Dispose();
        await accepting.ConfigureAwait(false);
        roll.Dispose();
        spare?.Dispose();
        stop.Dispose();
    }

    private static SafeFileHandle? OpenSpare()
    {
        try
        {
            return File.OpenHandle("/dev/null");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private async Task AcceptAsync()
    {
        var pause = FirstPause;
        while (!stop.IsCancellationRequested)
        {
            try
            {
                var client = await socket.AcceptAsync(stop.Token).ConfigureAwait(false);
                pause = FirstPause;
                _ = ServeAsync(roll.Enter(client));
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionAborted)
            {
                // A client that left before it was accepted.
            }
            catch (Exception e) when (e is SocketException or OutOfMemoryException && !stop.IsCancellationRequested)
            {
                // Asked again at once, the system would say the same again.
                if (Descriptors.IsShortage(e) && TryMakeRoom())
                    continue;
                if (Descriptors.IsShortage(e))
                    await TurnAwayAsync().ConfigureAwait(false);
                await PauseAsync(pause).ConfigureAwait(false);
                pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
            }
            catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
            {
                // Our own end.
            }
        }
    }

    private bool TryMakeRoom()
    {
        roll.CountShortage();
        Descriptors.CountOthers();
        // As many as it takes until some are left over again: whatever else needs one must not be refused either.
        var hasShed = false;
        for (var shed = 0; shed < MostShedAtOnce && (!hasShed || !Descriptors.HasRoom) && IdleConnections.TryShed(); shed++)
            hasShed = true;
        return hasShed;
    }

    /// <summary>Nobody makes room: one client is told so by its connection's end, instead of waiting for ever to be accepted.</summary>
    private async Task TurnAwayAsync()
    {
        if (spare is null)
        {
            spare = OpenSpare();
            return;
        }

        spare.Dispose();
        try
        {
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(stop.Token);
            patience.CancelAfter(LongestPause);
            (await socket.AcceptAsync(patience.Token).ConfigureAwait(false)).Dispose();
            roll.CountTurnedAway();
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // Somebody else has taken the descriptor, or the client has left.
        }

        spare = OpenSpare();
    }

    private async Task PauseAsync(TimeSpan pause)
    {
        try
        {
            await Task.Delay(pause, stop.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The end.
        }
    }

    private async Task ServeAsync(ServedConnection client)
    {
        try
        {
            await serve(client, stop.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException or ObjectDisposedException
            or Protocols.ProtocolException)
        {
            // The connection has ended; so has what it was for.
        }
        finally
        {
            client.Socket.Dispose();
            roll.Leave(client);
        }
    }
}
