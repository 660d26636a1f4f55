using JustRunIt.Hosting.Messaging;

namespace JustRunIt.Events.Store;

/// <summary>How long messages in hand wait for a database that does not answer.</summary>
/// <param name="stopping">The process stops: nothing is waited for any longer.</param>
internal sealed class WaitForDatabase(CancellationToken stopping)
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(2);

    private TimeSpan pause = FirstPause;
    private long? began;

    /// <summary>Whether it is waited for, or waited for on.</summary>
    public bool MayWait => !stopping.IsCancellationRequested
        && (began is not { } since || TimeProvider.System.GetElapsedTime(since) < RetryRules.LongestInHand);

    /// <summary>The database does not answer.</summary>
    /// <returns>Whether it did before.</returns>
    public bool Begin()
    {
        if (began is not null)
            return false;
        began = TimeProvider.System.GetTimestamp();
        return true;
    }

    /// <summary>The database answers.</summary>
    /// <returns>Whether it did not before.</returns>
    public bool End()
    {
        var waited = began is not null;
        (began, pause) = (null, FirstPause);
        return waited;
    }

    /// <summary>Waits until the next try.</summary>
    public async Task PauseAsync()
    {
        await Task.Delay(pause, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        pause = pause < LongestPause ? pause * 2 : LongestPause;
    }
}
