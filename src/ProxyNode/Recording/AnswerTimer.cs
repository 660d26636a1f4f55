using JustRunIt.ProxyNode.Threads;

namespace JustRunIt.ProxyNode.Recording;

/// <summary>
/// Waits as long as a next tier took to answer, which for a database is a part of a millisecond: with timers of the runtime a
/// clone with several statements a page would be slower than its original by some milliseconds.
/// </summary>
internal sealed class AnswerTimer(TimeProvider clock) : IDisposable
{
    private readonly DeadlineThread<TaskCompletionSource> thread =
        new("answers", clock, answer => answer.SetResult(), answer => answer.SetResult());

    /// <summary>
    /// Ends at a time stamp of the clock, or when the timer is disposed of. Who waits goes on at the timer's thread, without waiting for a
    /// worker, and must be short.
    /// </summary>
    public Task UntilAsync(long due)
    {
        if (clock.GetTimestamp() >= due || thread.IsStopped)
            return Task.CompletedTask;
        var answer = new TaskCompletionSource();
        thread.Add(answer, due);
        return answer.Task;
    }

    /// <inheritdoc />
    public void Dispose() => thread.Dispose();
}
