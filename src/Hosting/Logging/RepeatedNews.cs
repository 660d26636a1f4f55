using System.Diagnostics;

namespace JustRunIt.Hosting.Logging;

/// <summary>One line for what is wrong, and now and then while it stays wrong. For one loop: it is no matter for several threads.</summary>
/// <param name="every">How long the same is not told again.</param>
public sealed class RepeatedNews(TimeSpan every)
{
    private (string Reason, long At) told = ("", 0);

    /// <summary>Tells what went wrong, unless it was told a moment ago.</summary>
    /// <param name="exception">What went wrong.</param>
    /// <param name="tell">Tells it, in one line.</param>
    public void Tell(Exception exception, Action<string> tell)
    {
        ArgumentNullException.ThrowIfNull(tell);
        var reason = OneLine.Of(exception);
        if (reason == told.Reason && Stopwatch.GetElapsedTime(told.At) < every)
            return;
        told = (reason, Stopwatch.GetTimestamp());
        tell(reason);
    }
}
