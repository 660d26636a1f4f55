namespace JustRunIt.ProxyNode.Replaying.Budget;

/// <summary>Sheds connections when memory is short, oldest first, on a thread on which nobody waits.</summary>
/// <param name="replay">Whose connections.</param>
internal sealed class Shedder(Replay replay)
{
    private int isAwake;
    private long shed;

    /// <summary>Duplicates that were never sent.</summary>
    public long Count => Interlocked.Read(ref shed);

    /// <summary>A duplicate will never be sent.</summary>
    public void CountShed() => Interlocked.Increment(ref shed);

    /// <summary>Memory is short, or a connection was given up. Never waits.</summary>
    public void Wake()
    {
        if (Interlocked.CompareExchange(ref isAwake, 1, 0) == 0)
            ThreadPool.UnsafeQueueUserWorkItem(static shedder => shedder.ShedOldest(), this, preferLocal: false);
    }

    private void ShedOldest()
    {
        Interlocked.Exchange(ref isAwake, 0);
        replay.Kept.Trim();
        foreach (var shadow in replay.Shadows.Read())
        {
            if (shadow.IsGivenUp || (replay.Budget.IsShort && !shadow.IsIdle))
                shadow.Shed();
        }
    }
}
