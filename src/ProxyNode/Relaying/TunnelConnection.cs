using System.Net.Sockets;
using JustRunIt.ProxyNode.Sockets;

namespace JustRunIt.ProxyNode.Relaying;

/// <summary>
/// One client connection whose bytes are relayed without being understood; each direction ends for itself. The server is connected to at
/// once: it may be the one that speaks first.
/// </summary>
internal sealed class TunnelConnection : IRelayedConnection, ISocketOwner
{
    /// <summary>How long a client may be silent that still has something to read of a server that is gone.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>How long a client may go on saying what nobody takes any more.</summary>
    private static readonly TimeSpan LongestLinger = TimeSpan.FromMinutes(2);

    private readonly ServedConnection served;
    private readonly RelayContext context;
    private readonly LoopSocket client;
    private readonly LoopSocket server;
    private readonly long began;
    private volatile bool hasPassed;
    private long endedAt;

    private TunnelConnection(ServedConnection served, RelayContext context, LoopSocket client, LoopSocket server)
    {
        (this.served, this.context, this.client, this.server) = (served, context, client, server);
        began = context.Clock.GetTimestamp();
    }

    /// <inheritdoc />
    public ExchangeFigures Exchanges { get; } = new(0, 0, 0, 0);

    /// <summary>Connects to the server and relays until both sides have ended, or one has failed.</summary>
    public static async Task RunAsync(ServedConnection served, RelayContext context, CancellationToken stop)
    {
        if (served.Refused is not null)
            return;
        using var client = new LoopSocket(served.Socket, EventLoop.Next());
        try
        {
            using var server = await context.ConnectAsync(client.Loop, stop).ConfigureAwait(false);
            await new TunnelConnection(served, context, client, server).RelayAsync(stop).ConfigureAwait(false);
        }
        catch (SocketException e) when (Descriptors.IsShortage(e))
        {
            served.EndsBy(ConnectionEnd.RefusedWithoutDescriptors);
        }
    }

    /// <inheritdoc />
    /// <remarks>Of bytes that are not understood it is not known what they ask for: only one over which nothing has passed idles.</remarks>
    public (bool HasAsked, long Since)? Idles(long now) => hasPassed || Volatile.Read(ref endedAt) != 0 ? null : (false, began);

    /// <inheritdoc />
    public bool TryShed(ConnectionEnd why)
    {
        if (hasPassed)
            return false;
        End(why);
        return true;
    }

    /// <inheritdoc />
    public bool TryLeaveBetweenTransactions() => false;

    /// <inheritdoc />
    public bool IsWithinRequest => false;

    /// <inheritdoc />
    public void CheckTimes(long now)
    {
        var limits = context.Roll.Limits;
        var ended = Volatile.Read(ref endedAt);
        if (ended != 0 && context.Clock.GetElapsedTime(ended, now) > limits.GoneTimeout)
            End(ConnectionEnd.ClientGone);
        else if (limits.IdleTimeout > TimeSpan.Zero && Idles(now) is { } idle
            && context.Clock.GetElapsedTime(idle.Since, now) > limits.IdleTimeout)
            TryShed(ConnectionEnd.IdleTimedOut);
    }

    /// <inheritdoc />
    public void PeerEnded(bool hasFailed)
    {
        if (hasFailed)
            Disconnect();
        else
            SideHasEnded();
    }

    private async Task RelayAsync(CancellationToken stop)
    {
        await using var registration =
            stop.UnsafeRegister(static state => ((TunnelConnection)state!).Disconnect(), this).ConfigureAwait(false);
        served.Relayed = this;
        client.TellOfEnd(this);
        server.TellOfEnd(new ServerEnd(this));
        var upwards = CopyAsync(client, server);
        var downwards = CopyAsync(server, client);
        var first = await Task.WhenAny(upwards, downwards).ConfigureAwait(false);
        if (!first.IsCompletedSuccessfully)
        {
            if (first == downwards)
                await HearClientOutAsync(upwards).ConfigureAwait(false);
            Disconnect();
        }

        await Task.WhenAll(upwards, downwards).ConfigureAwait(false);
    }

    private async Task CopyAsync(LoopSocket from, LoopSocket to)
    {
        using var buffer = new ReadBuffer(longestUnit: 0);
        var deafSince = 0L;
        while (true)
        {
            var received = await from.ReceiveAsync(buffer).ConfigureAwait(false);
            if (received == 0)
                break;
            hasPassed = true;
            buffer.Received(received);
            try
            {
                if (deafSince == 0)
                    await to.SendAsync(buffer.Memory).ConfigureAwait(false);
            }
            catch (Exception e) when (to == server && e is SocketException or ObjectDisposedException)
            {
                // A server that takes nothing more may have said why: its client is heard until it has read that.
                deafSince = context.Clock.GetTimestamp();
                SideHasEnded();
            }

            buffer.Take(received);
            if (deafSince != 0 && context.Clock.GetElapsedTime(deafSince) > LongestLinger)
                throw new SocketException((int)SocketError.ConnectionReset);
            // As long as anything passes after the end of one side, the other is wanted.
            if (endedAt != 0)
                endedAt = context.Clock.GetTimestamp();
        }

        SideHasEnded();
        if (deafSince == 0)
            to.Shutdown(SocketShutdown.Send);
    }

    /// <summary>
    /// The server has failed, and everything that it had said was sent on. A client that is closed while it sends would be reset, and
    /// might not read that.
    /// </summary>
    private async Task HearClientOutAsync(Task upwards)
    {
        server.Dispose();
        try
        {
            client.Shutdown(SocketShutdown.Send);
            SideHasEnded();
            while (!upwards.IsCompleted)
            {
                var seen = Volatile.Read(ref endedAt);
                try
                {
                    await upwards.WaitAsync(Patience, context.Clock).ConfigureAwait(false);
                }
                catch (TimeoutException) when (Volatile.Read(ref endedAt) != seen)
                {
                    // It goes on sending.
                }
            }
        }
        catch (Exception e) when (e is TimeoutException or SocketException or ObjectDisposedException)
        {
            // It has vanished, or does not close: then we do.
        }
    }

    private void SideHasEnded() => Interlocked.CompareExchange(ref endedAt, context.Clock.GetTimestamp(), 0);

    private void End(ConnectionEnd why)
    {
        served.EndsBy(why);
        Disconnect();
    }

    private void Disconnect()
    {
        client.Dispose();
        server.Dispose();
    }

    /// <summary>A server that has failed may have said something before that is still to be read.</summary>
    private sealed class ServerEnd(TunnelConnection tunnel) : ISocketOwner
    {
        /// <inheritdoc />
        public void PeerEnded(bool hasFailed) => tunnel.SideHasEnded();
    }
}
