using JustRunIt.ProxyNode.Protocols;
using JustRunIt.ProxyNode.Relaying;
using JustRunIt.ProxyNode.Replaying;
using JustRunIt.ProxyNode.Replaying.Accounting;
using JustRunIt.ProxyNode.Replaying.Comparing;
using JustRunIt.ProxyNode.Replaying.Shadows;

namespace JustRunIt.ProxyNode.Sessions;

/// <summary>
/// Taps of an in-proxy's connection whose duplicates keep the gaps of their sessions rather than those of the connection: a
/// connection may carry many sessions, and each gets a connection to the clone of its own.
/// </summary>
internal sealed class SessionTaps(Replay replay, SessionBook book) : IConnectionTaps
{
    /// <summary>Sessions on one connection whose connections to the clone are open; past it the one used longest ago is let go.</summary>
    private const int MostShadows = 64;

    private readonly Lock gate = new();
    private readonly Dictionary<long, Shadow> shadows = [];
    private readonly Replay replay = replay;
    private readonly SessionBook book = book;
    private readonly long connection = book.NextConnection();
    private long uses;

    /// <inheritdoc />
    public ITap? Begin(Dialogue dialogue, in ClientStep step, long arrival)
    {
        if (!step.IsPrivate)
            return new Tap(this, dialogue, step, arrival);
        replay.CountPrivate(step, keepsState: false);
        return null;
    }

    /// <inheritdoc />
    public void Dispose()
    {
        lock (gate)
        {
            foreach (var shadow in shadows.Values)
                shadow.Connection.CompleteAt(shadow.LastDue);
            shadows.Clear();
        }
    }

    private (long Session, ITap? Tap) Open(Dialogue dialogue, in ClientStep step, ReadOnlySpan<byte> request, long arrival)
    {
        var (session, due) = book.Find(connection, request, arrival);
        lock (gate)
        {
            // One that was shed may begin anew when there is room again.
            if (!shadows.TryGetValue(session, out var shadow)
                || (shadow.Connection is { IsUsable: false, MayBeginAnew: true } && replay.Budget.HasRoom))
            {
                if (shadows.Count == MostShadows)
                    LetGoOfOne();
                shadow = new Shadow(replay.Open(dialogue));
                shadows[session] = shadow;
            }

            (shadow.LastDue, shadow.LastUse) = (due, ++uses);
            // To the replay it has arrived a time shift before it is due.
            return (session, replay.Begin(shadow.Connection, step, due - replay.Ticks(replay.TimeShift)));
        }
    }

    private void LetGoOfOne()
    {
        var (session, quietest) = shadows.MinBy(shadow => shadow.Value.LastUse);
        quietest.Connection.CompleteAt(quietest.LastDue);
        shadows.Remove(session);
    }

    private sealed class Shadow(ShadowConnection connection)
    {
        public ShadowConnection Connection => connection;

        public long LastDue { get; set; }

        public long LastUse { get; set; }
    }

    /// <summary>
    /// Knows its session with the first bytes, which hold the request's whole head. A reply may be told of by another thread
    /// before them; then it waits here.
    /// </summary>
    private sealed class Tap(SessionTaps taps, Dialogue dialogue, ClientStep step, long arrival) : ITap
    {
        private readonly Lock gate = new();
        private readonly ReplyReader? names = taps.book.OpenReply();
        private Queue<Action<ITap?>>? early;
        private long session;
        private ITap? inner;
        private bool isOpen;

        public void Request(ReadOnlySpan<byte> bytes)
        {
            if (!isOpen)
                Open(bytes);
            inner?.Request(bytes);
        }

        public void RequestEnded() => inner?.RequestEnded();

        public void RequestBroken()
        {
            inner?.RequestBroken();
            // Nothing of it has come this far: no server could be reached.
            if (!IsOpen())
                taps.replay.Ledger.BeginWithout(NotDuplicated.Abandoned);
        }

        public void Reply(ReadOnlySpan<byte> bytes, int headLength)
        {
            names?.Append(bytes, headLength);
            if (IsOpen())
            {
                inner?.Reply(bytes, headLength);
                return;
            }

            var copy = bytes.ToArray();
            Later(tap => tap?.Reply(copy, headLength));
        }

        public void ReplyEnded(in ServerStep step, long received)
        {
            names?.End();
            if (IsOpen())
            {
                Ended(step, received);
                return;
            }

            var last = step;
            Later(_ => Ended(last, received));
        }

        public void Aborted(long at)
        {
            if (IsOpen())
                inner?.Aborted(at);
            else
                Later(tap => tap?.Aborted(at));
        }

        private void Ended(in ServerStep step, long received)
        {
            taps.book.Learn(session, names?.Issued);
            inner?.ReplyEnded(step, received);
        }

        private bool IsOpen()
        {
            lock (gate)
                return isOpen;
        }

        private void Open(ReadOnlySpan<byte> bytes)
        {
            var opened = taps.Open(dialogue, step, bytes, arrival);
            lock (gate)
            {
                (session, inner) = opened;
                while (early?.TryDequeue(out var tell) == true)
                    tell(inner);
                isOpen = true;
            }
        }

        private void Later(Action<ITap?> tell)
        {
            lock (gate)
            {
                if (isOpen)
                    tell(inner);
                else
                    (early ??= new()).Enqueue(tell);
            }
        }
    }
}
