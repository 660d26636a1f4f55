namespace JustRunIt.ProxyNode.Relaying;

/// <summary>The unanswered requests of a connection, oldest first, and the wait for the last of them.</summary>
internal sealed class PendingReplies
{
    private readonly Queue<PendingReply> queue = new();
    private TaskCompletionSource<bool>? answered;
    private bool switched;
    private bool closed;

    /// <summary>A request is about to be sent on.</summary>
    public void Add(in PendingReply pending)
    {
        lock (queue)
            queue.Enqueue(pending);
    }

    /// <summary>The oldest, which stays.</summary>
    public bool TryPeek(out PendingReply pending)
    {
        lock (queue)
            return queue.TryPeek(out pending);
    }

    /// <summary>The oldest was answered.</summary>
    /// <param name="switchedProtocol">From here on the connection does not speak HTTP.</param>
    public void Answered(bool switchedProtocol)
    {
        lock (queue)
        {
            queue.Dequeue();
            switched |= switchedProtocol;
            if (queue.Count == 0)
                answered?.TrySetResult(switched);
        }
    }

    /// <summary>Waits until all are answered; true when the connection now speaks another protocol.</summary>
    public Task<bool> AllAnsweredAsync()
    {
        lock (queue)
        {
            if (queue.Count == 0 || closed)
                return Task.FromResult(switched);
            answered = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
            return answered.Task;
        }
    }

    /// <summary>The connection has ended: hands out what will never be answered.</summary>
    public IReadOnlyList<PendingReply> Close()
    {
        lock (queue)
        {
            closed = true;
            answered?.TrySetResult(switched);
            PendingReply[] rest = [.. queue];
            queue.Clear();
            return rest;
        }
    }
}
