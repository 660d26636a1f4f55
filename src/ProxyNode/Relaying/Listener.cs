using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using JustRunIt.Hosting.Configuration;

namespace JustRunIt.ProxyNode.Relaying;

/// <summary>Accepts connections and serves each until it ends.</summary>
internal sealed class Listener : IAsyncDisposable
{
    private const int Backlog = 1024;

    private readonly Socket socket;
    private readonly Func<Socket, CancellationToken, Task> serve;
    private readonly CancellationTokenSource stop = new();
    private readonly ConcurrentDictionary<Socket, bool> clients = new();
    private readonly Task accepting;

    private Listener(Socket socket, Func<Socket, CancellationToken, Task> serve)
    {
        this.socket = socket;
        this.serve = serve;
        accepting = AcceptAsync();
    }

    /// <summary>Where it listens; the port is the system's choice where 0 was asked for.</summary>
    public IPEndPoint EndPoint => (IPEndPoint)socket.LocalEndPoint!;

    /// <summary>Connections that are open.</summary>
    public int Open => clients.Count;

    /// <summary>Listens on an address.</summary>
    /// <exception cref="ConfigurationException">The address is in use or not of this machine.</exception>
    public static Listener Start(IPEndPoint endPoint, Func<Socket, CancellationToken, Task> serve)
    {
        var socket = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(endPoint);
            socket.Listen(Backlog);
            return new Listener(socket, serve);
        }
        catch (SocketException e)
        {
            socket.Dispose();
            throw new ConfigurationException($"listen: '{endPoint}': {e.Message}; allowed is a free address of this machine");
        }
    }

    /// <summary>Reads nothing more from any client: each connection ends when what it has asked is answered.</summary>
    public void EndAfterReplies()
    {
        foreach (var client in clients.Keys)
        {
            try
            {
                client.Shutdown(SocketShutdown.Receive);
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                // It has ended by itself.
            }
        }
    }

    /// <summary>Takes no more connections, and ends those that are open; waits for nothing.</summary>
    public void Stop()
    {
        stop.Cancel();
        socket.Dispose();
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync().ConfigureAwait(false);
        socket.Dispose();
        await accepting.ConfigureAwait(false);
        stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                var client = await socket.AcceptAsync(stop.Token).ConfigureAwait(false);
                client.NoDelay = true;
                _ = ServeAsync(client);
            }
            catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
            {
                // A client that left before it was accepted, or our own end.
            }
        }
    }

    private async Task ServeAsync(Socket client)
    {
        clients[client] = true;
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
            client.Dispose();
            clients.TryRemove(client, out _);
        }
    }
}
