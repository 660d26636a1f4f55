using System.Net.Sockets;

namespace JustRunIt.ProxyNode.Relaying;

/// <content>What those see who look after all connections: whether it idles, what it waits for, and whether its client has left.</content>
internal sealed partial class RelayConnection
{
    /// <summary>A head of which a part has come is as good as none after this time, where descriptors are short.</summary>
    private static readonly TimeSpan AtOnce = TimeSpan.FromSeconds(1);

    private long arrived;
    private long answered;
    private long failed;
    private long quietSince;
    private bool hasAsked;

    /// <summary>Bytes of a client are on their way to the server.</summary>
    private volatile bool isSending;

    /// <summary>Since when a part of a head, or of a log-in, waits for the rest; 0: none does.</summary>
    private long headSince;

    /// <summary>Since when the client has closed its side and the server says nothing; 0: the client is there.</summary>
    private long goneSince;

    /// <inheritdoc />
    public ExchangeFigures Exchanges
    {
        get
        {
            lock (gate)
                return new ExchangeFigures(arrived, answered, failed, pending.Count);
        }
    }

    /// <inheritdoc />
    public (bool HasAsked, long Since)? Idles(long now)
    {
        lock (gate)
        {
            if (closed || tunnel || midRequest || isSending || pending.Count > 0 || connecting is not null || !dialogue.IsAtRest)
                return null;
            if (headSince == 0)
                return (hasAsked && dialogue.HasLoggedIn, quietSince);
            return now - headSince > AtOnce.TotalSeconds * clock.TimestampFrequency
                ? (hasAsked && dialogue.HasLoggedIn, headSince)
                : null;
        }
    }

    /// <inheritdoc />
    public bool TryShed(ConnectionEnd why)
    {
        var words = ReadOnlyMemory<byte>.Empty;
        lock (gate)
        {
            if (Idles(clock.GetTimestamp()) is null)
                return false;
            closed = true;
            words = dialogue.Farewell(Refusals.Text(why));
        }

        served.EndsBy(why);
        context.Roll.LoggedIn(served);
        Leave(words);
        return true;
    }

    /// <inheritdoc />
    public void CheckTimes(long now)
    {
        var limits = context.Roll.Limits;
        var (gone, head) = (Volatile.Read(ref goneSince), Volatile.Read(ref headSince));
        if (gone != 0 && IsOver(limits.GoneTimeout, gone))
            End(ConnectionEnd.ClientGone);
        else if (head != 0 && limits.HeadTimeout > TimeSpan.Zero && IsOver(limits.HeadTimeout, head))
            End(ConnectionEnd.HeadTimedOut);
        else if (served.IsBeforeLogIn && limits.HeadTimeout > TimeSpan.Zero && IsOver(limits.HeadTimeout, Volatile.Read(ref quietSince))
            && IsHead())
            End(ConnectionEnd.HeadTimedOut);
        else if (limits.IdleTimeout > TimeSpan.Zero && Idles(now) is { } idle && IsOver(limits.IdleTimeout, idle.Since))
            TryShed(ConnectionEnd.IdleTimedOut);

        bool IsOver(TimeSpan limit, long since) => clock.GetElapsedTime(since, now) > limit;
    }

    /// <inheritdoc />
    public void PeerEnded(bool hasFailed)
    {
        if (hasFailed)
        {
            clientLeft = true;
            Disconnect();
        }
        else
        {
            SideHasEnded();
        }
    }

    /// <summary>What has come was sent on, but for a part of a unit that waits for its rest.</summary>
    private void Sent(bool isHeld)
    {
        isSending = false;
        if (!isHeld)
            Volatile.Write(ref headSince, 0);
        else if (headSince == 0 && IsHead())
            Volatile.Write(ref headSince, clock.GetTimestamp());
    }

    private bool IsHead()
    {
        lock (gate)
            return dialogue.AwaitsHead;
    }

    /// <summary>Either side says nothing more. What was asked for may still be wanted; but not for ever.</summary>
    private void SideHasEnded() => Interlocked.CompareExchange(ref goneSince, clock.GetTimestamp(), 0);

    /// <summary>
    /// Everything that the client had to say was sent on. The server hears of its end as it would from the client itself: a request that
    /// is not whole never will be. Only where the protocol lets a client wait for answers after its end is it told when they have come.
    /// </summary>
    private void ClientHasEnded()
    {
        SideHasEnded();
        // Where it is the proxy that reads no more, the client may well be there.
        if (dialogue.MayHalfClose && (!midRequest || served.IsLetGo))
            return;
        try
        {
            server?.Shutdown(SocketShutdown.Send);
        }
        catch (Exception e) when (IsDeaf(e))
        {
            // It has ended before, and may have said why.
        }
    }

    private void End(ConnectionEnd why)
    {
        served.EndsBy(why);
        Disconnect();
    }

    private void Leave(ReadOnlyMemory<byte> words)
    {
        try
        {
            // What finds no place at once in what is sent to a client that idles is not worth waiting for.
            if (!words.IsEmpty)
                _ = client.SendAsync(words);
        }
        catch (Exception e) when (IsEnd(e))
        {
            // It has left by itself.
        }

        Disconnect();
    }
}
