using System.Buffers;
using JustRunIt.ProxyNode.Sockets;

namespace JustRunIt.ProxyNode.Recording;

/// <summary>
/// What a stand-in says on one connection: each piece when it is due, in the order they were added. Those that are due together leave
/// together, as from a server that has both at hand: a client that is woken for each of them does more than its original did.
/// </summary>
internal sealed class TimedReplies(LoopSocket clone, TimeProvider clock)
{
    /// <summary>A clone that asks on and on and reads nothing is not asked by us for more.</summary>
    private const int MostWaiting = 64;

    private readonly Lock gate = new();
    private readonly Queue<(ReadOnlyMemory<byte> Bytes, long Due)> waiting = new();
    private readonly List<ReadOnlyMemory<byte>> withNext = [];
    private readonly ArrayBufferWriter<byte> together = new();
    private Task saying = Task.CompletedTask;
    private long withNextDue;
    private bool isSaying;

    /// <summary>Adds a piece, to be said once <see cref="SayAsync"/> is called.</summary>
    /// <param name="bytes">Left as they are until they have been said.</param>
    /// <param name="due">Time stamp of the clock.</param>
    public void Add(ReadOnlyMemory<byte> bytes, long due)
    {
        if (bytes.IsEmpty)
            return;
        lock (gate)
        {
            Join(due);
            waiting.Enqueue((bytes, due));
        }
    }

    /// <summary>
    /// Adds a piece whose time nobody knows: a server that was asked two things together has both answers when it has the second.
    /// </summary>
    /// <param name="bytes">As above.</param>
    /// <param name="due">When it is due if it is the last one.</param>
    public void AddWithNext(ReadOnlyMemory<byte> bytes, long due)
    {
        if (bytes.IsEmpty)
            return;
        lock (gate)
            withNext.Add(bytes);
        withNextDue = due;
    }

    /// <summary>Begins to say what was added; ends when more may be added.</summary>
    public Task SayAsync()
    {
        lock (gate)
        {
            Join(withNextDue);
            if (isSaying || waiting.Count == 0)
                return waiting.Count < MostWaiting ? Task.CompletedTask : saying;
            isSaying = true;
        }

        saying = SayAllAsync();
        return Task.CompletedTask;
    }

    /// <summary>Says everything; ends when it was said, or cannot be.</summary>
    public async Task SayTheRestAsync()
    {
        await SayAsync().ConfigureAwait(false);
        await saying.ConfigureAwait(false);
    }

    /// <summary>Gives what has no time of its own that of another. Under the lock.</summary>
    private void Join(long due)
    {
        foreach (var bytes in withNext)
            waiting.Enqueue((bytes, due));
        withNext.Clear();
    }

    private async Task SayAllAsync()
    {
        try
        {
            while (NextDue() is { } due)
            {
                await clone.Loop.DelayAsync(clock.GetElapsedTime(clock.GetTimestamp(), due)).ConfigureAwait(false);
                await clone.SendAsync(Take(Math.Max(due, clock.GetTimestamp()))).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (e is System.Net.Sockets.SocketException or ObjectDisposedException)
        {
            // It has gone: whoever waits for what it asks is to know.
            clone.Dispose();
        }
    }

    private long? NextDue()
    {
        lock (gate)
        {
            if (waiting.TryPeek(out var next))
                return next.Due;
            isSaying = false;
            return null;
        }
    }

    private ReadOnlyMemory<byte> Take(long dueUntil)
    {
        lock (gate)
        {
            var first = waiting.Dequeue().Bytes;
            if (!waiting.TryPeek(out var next) || next.Due > dueUntil)
                return first;
            together.ResetWrittenCount();
            together.Write(first.Span);
            while (waiting.TryPeek(out next) && next.Due <= dueUntil)
                together.Write(waiting.Dequeue().Bytes.Span);
            return together.WrittenMemory;
        }
    }
}
