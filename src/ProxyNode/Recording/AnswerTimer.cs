using System.Collections.Concurrent;

namespace JustRunIt.ProxyNode.Recording;

/// <summary>
/// Waits as long as a next tier took to answer, which for a database is a part of a millisecond: timers of the runtime fire at
/// whole ones, and late, so that a clone with several statements a page would be slower than its original by some milliseconds.
/// A thread of its own, since on-line connections need the workers.
/// </summary>
internal sealed class AnswerTimer : IDisposable
{
    /// <summary>Longest sleep while an answer is awaited: a shorter delay that comes meanwhile may last so much longer.</summary>
    private static readonly TimeSpan LongestSleep = TimeSpan.FromMicroseconds(100);

    private readonly ConcurrentQueue<(TaskCompletionSource Answer, long Due)> incoming = new();
    private readonly PriorityQueue<TaskCompletionSource, long> waiting = new();
    private readonly SemaphoreSlim wake = new(0);
    private readonly TimeProvider clock;
    private volatile bool stopped;

    public AnswerTimer(TimeProvider clock)
    {
        this.clock = clock;
        new Thread(Run) { IsBackground = true, Name = "answers" }.Start();
    }

    /// <summary>Ends at a time stamp of the clock, or when the timer is disposed of.</summary>
    public Task UntilAsync(long due)
    {
        if (clock.GetTimestamp() >= due || stopped)
            return Task.CompletedTask;
        var answer = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        incoming.Enqueue((answer, due));
        wake.Release();
        return answer.Task;
    }

    /// <inheritdoc />
    public void Dispose()
    {
        stopped = true;
        wake.Release();
    }

    private void Run()
    {
        while (!stopped)
        {
            // Without anything to wait for, until something comes; otherwise only what has come.
            while (wake.Wait(waiting.Count == 0 ? Timeout.Infinite : 0))
            {
                if (incoming.TryDequeue(out var next))
                    waiting.Enqueue(next.Answer, next.Due);
                else if (stopped)
                    break;
            }

            while (waiting.TryPeek(out var answer, out var due) && clock.GetTimestamp() >= due)
            {
                waiting.Dequeue();
                answer.SetResult();
            }

            if (waiting.TryPeek(out _, out var soonest) && clock.GetElapsedTime(clock.GetTimestamp(), soonest) is { Ticks: > 0 } left)
                Replaying.Pacer.Sleep(left < LongestSleep ? left : LongestSleep);
        }

        while (waiting.TryDequeue(out var answer, out _))
            answer.TrySetResult();
        while (incoming.TryDequeue(out var late))
            late.Answer.TrySetResult();
    }
}
