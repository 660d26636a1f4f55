using System.Net.Sockets;
using JustRunIt.ProxyNode.Protocols;
using JustRunIt.ProxyNode.Sockets;

namespace JustRunIt.ProxyNode.Relaying;

/// <content>How the connection to the server begins, and what is said where there is none.</content>
internal sealed partial class RelayConnection
{
    /// <summary>How long a client has for its first message before it is told that there is no place for it.</summary>
    private static readonly TimeSpan RefusalPatience = TimeSpan.FromSeconds(2);

    /// <summary>Tells a client why it is not served, in its protocol's words, and where those belong: after its first message.</summary>
    private static async Task TurnAwayAsync(LoopSocket client, Dialogue dialogue, ConnectionEnd why, CancellationToken stop)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(stop);
        patience.CancelAfter(RefusalPatience);
        await using var registration = client.CloseOn(patience.Token).ConfigureAwait(false);
        try
        {
            if (!dialogue.ServerSpeaksFirst && !await HasAskedAsync(client, dialogue).ConfigureAwait(false))
                return;
        }
        catch (ProtocolException)
        {
            // Whatever it said: there is no place for it.
        }

        await SayLastAsync(client, Refusals.In(dialogue, why)).ConfigureAwait(false);
    }

    private static async Task<bool> HasAskedAsync(LoopSocket client, Dialogue dialogue)
    {
        using var buffer = new ReadBuffer(dialogue.LongestUnit);
        while (await client.ReceiveAsync(buffer).ConfigureAwait(false) is > 0 and var received)
        {
            buffer.Received(received);
            while (buffer.Count > 0 && dialogue.FromClient(buffer.Span, out var step) is > 0 and var taken)
            {
                if (taken > step.Skipped)
                    return true;
                buffer.Take(taken);
                await client.SendAsync(step.LocalReply).ConfigureAwait(false);
            }
        }

        return false;
    }

    private static async Task SayLastAsync(LoopSocket client, ReadOnlyMemory<byte> words)
    {
        if (words.IsEmpty)
            return;
        await client.SendAsync(words).ConfigureAwait(false);
        client.Shutdown(SocketShutdown.Send);
        await DrainAsync(client).ConfigureAwait(false);
    }

    /// <summary>A server that greets is connected to before its client has said anything; only so many that do not log in.</summary>
    private async Task<bool> TryGreetAsync()
    {
        if (context.Roll.TryBeginLogIn(served))
            return await TryOpenAsync(clock.GetTimestamp()).ConfigureAwait(false);
        served.EndsBy(ConnectionEnd.RefusedWithoutDescriptors);
        await SayLastAsync(client, Refusals.In(dialogue, ConnectionEnd.RefusedWithoutDescriptors)).ConfigureAwait(false);
        return false;
    }

    /// <summary>Connects to the server; false when it could not be, and the client was told.</summary>
    private async ValueTask<bool> TryOpenAsync(long at)
    {
        ReadOnlyMemory<byte> words;
        // A server that does not even answer a connection stands still as well; requests that wait for one count by themselves.
        var counts = arrived == 0;
        if (counts)
            times?.Open?.Begin(at);
        try
        {
            await OpenAsync().ConfigureAwait(false);
            TapOnce(at);
            return true;
        }
        catch (SocketException e)
        {
            // Of requests that wait for an answer, their failure is counted when the connection ends.
            serverLeft = true;
            if (counts)
                times?.AddUnanswered(clock.GetElapsedTime(at), isGivenUp: false);
            FailPending();
            var isShort = Descriptors.IsShortage(e);
            if (isShort)
                served.EndsBy(ConnectionEnd.RefusedWithoutDescriptors);
            words = isShort ? Refusals.In(dialogue, ConnectionEnd.RefusedWithoutDescriptors) : dialogue.Unreachable;
        }
        finally
        {
            if (counts)
                times?.Open?.End(at);
        }

        if (!words.IsEmpty)
            await client.SendAsync(words).ConfigureAwait(false);
        return false;
    }

    private async ValueTask OpenAsync()
    {
        using var attempt = new CancellationTokenSource();
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(closed, this);
            connecting = attempt;
        }

        LoopSocket? connected = null;
        try
        {
            // On the client's loop: a request and its reply never change threads.
            connected = await context.ConnectAsync(client.Loop, attempt.Token).ConfigureAwait(false);
        }
        finally
        {
            bool isClosed;
            lock (gate)
            {
                connecting = null;
                isClosed = closed;
                server = isClosed ? null : connected;
            }

            if (isClosed)
                connected?.Dispose();
        }

        ObjectDisposedException.ThrowIf(server is null, this);
        opened.TrySetResult(server);
    }
}
