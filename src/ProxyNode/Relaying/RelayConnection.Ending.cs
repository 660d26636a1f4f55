using System.Net.Sockets;
using JustRunIt.ProxyNode.Measuring;
using JustRunIt.ProxyNode.Protocols;
using JustRunIt.ProxyNode.Sockets;

namespace JustRunIt.ProxyNode.Relaying;

/// <content>How a connection ends: without a server, with a refusal, or as either side wants.</content>
internal sealed partial class RelayConnection
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private static async Task SayUnreachableAsync(Socket client, Dialogue dialogue, ResponseTimes? times, CancellationToken stop)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(stop);
        patience.CancelAfter(Patience);
        if (!dialogue.ServerSpeaksFirst && await client.ReceiveAsync(new byte[4096], patience.Token).ConfigureAwait(false) == 0)
            return;
        times?.AddError();
        if (dialogue.Unreachable.IsEmpty)
            return;
        await client.SendAsync(dialogue.Unreachable, stop).ConfigureAwait(false);
        client.Shutdown(SocketShutdown.Send);
    }

    /// <summary>Whether a pump has ended as connections do.</summary>
    private static bool IsEnd(Exception e) =>
        e is IOException or SocketException or ObjectDisposedException or ProtocolException or OperationCanceledException;

    /// <summary>
    /// Tells one side that all was said, and waits a little until it closes too: a socket that is closed while it is read
    /// from is reset, and what is still on its way to the peer would be lost (RFC 9112 §9.6).
    /// </summary>
    private async Task LingerAsync(LoopSocket side, Task heard)
    {
        try
        {
            side.Shutdown(SocketShutdown.Send);
            // Nothing that a client still says is for a server that has ended.
            if (side == client)
                server.Dispose();
            await heard.WaitAsync(Patience, clock).ConfigureAwait(false);
        }
        catch (Exception e) when (e is TimeoutException || IsEnd(e))
        {
            // It has vanished, or does not close: then we do.
        }
    }

    /// <summary>Either side may vanish at any time: that ends the connection and is nobody's failure here.</summary>
    private async Task SettleAsync(Task pump)
    {
        try
        {
            await pump.ConfigureAwait(false);
        }
        catch (Exception e) when (IsEnd(e))
        {
            Disconnect();
        }
    }

    private void Disconnect()
    {
        client.Dispose();
        server.Dispose();
        PendingReply[] rest;
        lock (gate)
        {
            closed = true;
            allAnswered?.TrySetResult();
            rest = pending.Count == 0 ? [] : [.. pending];
            pending.Clear();
        }

        foreach (var unanswered in rest)
        {
            times?.AddError();
            unanswered.Tap?.Aborted(clock.GetTimestamp());
        }
    }

    private Task AllAnsweredAsync()
    {
        lock (gate)
        {
            if (pending.Count == 0 || closed)
                return Task.CompletedTask;
            allAnswered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return allAnswered.Task;
        }
    }

    /// <summary>Answers a request that is refused, once everything before it has been answered.</summary>
    private async Task RefuseAsync(bool partlySent, string reason)
    {
        // Part of it has gone to the server already: neither side may go on with this connection.
        if (partlySent)
            return;
        await AllAnsweredAsync().ConfigureAwait(false);
        var refusal = dialogue.Refusal(reason);
        if (tunnel || refusal.IsEmpty)
            return;
        await client.SendAsync(refusal).ConfigureAwait(false);
        client.Shutdown(SocketShutdown.Send);
        await DrainAsync().ConfigureAwait(false);
    }

    /// <summary>Reads a little of what the client still sends, so that closing does not reset the reply away (RFC 9112 §9.6).</summary>
    private async Task DrainAsync()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        // Nothing else is read from it any more.
        await using var registration = client.CloseOn(patience.Token).ConfigureAwait(false);
        var buffer = new byte[4096];
        while (await client.ReceiveAsync(buffer).ConfigureAwait(false) > 0)
        {
        }
    }
}
