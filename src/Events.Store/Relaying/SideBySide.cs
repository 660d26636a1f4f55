namespace JustRunIt.Events.Store.Relaying;

/// <summary>
/// What is being sent while the relay goes on with events: the broker refuses for more than a second before it is believed, and nothing
/// else waits for that.
/// </summary>
internal sealed class SideBySide<TKey, TResult>
    where TKey : class
{
    /// <summary>Long enough for a broker that takes it; so much an event waits at most.</summary>
    private static readonly TimeSpan AtMost = TimeSpan.FromMilliseconds(50);

    private readonly List<(TKey Key, Task<TResult> Task)> all = [];
    private readonly List<Task<TResult>> added = [];

    /// <summary>How many there are.</summary>
    public int Count => all.Count;

    /// <summary>What for.</summary>
    public IEnumerable<TKey> Keys => all.Select(one => one.Key);

    /// <summary>Adds one that has begun.</summary>
    public void Add(TKey key, Task<TResult> task)
    {
        all.Add((key, task));
        added.Add(task);
    }

    /// <summary>Waits for a moment for what was added since the last time.</summary>
    public async Task WaitForNewAsync(CancellationToken cancellation)
    {
        var ended = Task.WhenAll(added);
        added.Clear();
        await Task.WhenAny(ended, Task.Delay(AtMost, cancellation)).ConfigureAwait(false);
    }

    /// <summary>Takes out what has ended, in the order in which it was added.</summary>
    public List<(TKey Key, Task<TResult> Task)> TakeEnded()
    {
        var ended = all.FindAll(one => one.Task.IsCompleted);
        all.RemoveAll(one => ended.Contains(one));
        added.RemoveAll(task => task.IsCompleted);
        return ended;
    }
}
