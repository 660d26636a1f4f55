using System.Diagnostics;

namespace JustRunIt.Events.Store.Tests;

/// <summary>
/// How long the machine let a thread wait that had nothing to do but to wake up: what is timed at the same time has waited so long at
/// least for want of a processor, and is not to blame for it.
/// </summary>
internal sealed class Stalls : IDisposable
{
    private static readonly TimeSpan Sleep = TimeSpan.FromMilliseconds(5);

    /// <summary>Later than this a thread is not woken by a machine that has time for it.</summary>
    private static readonly TimeSpan Usual = TimeSpan.FromMilliseconds(5);

    private readonly Thread thread;
    private volatile bool isEnded;
    private long ticks;

    public Stalls()
    {
        thread = new Thread(Measure) { IsBackground = true };
        thread.Start();
    }

    /// <summary>So far.</summary>
    public TimeSpan Total => new(Interlocked.Read(ref ticks));

    public void Dispose()
    {
        isEnded = true;
        thread.Join();
    }

    private void Measure()
    {
        while (!isEnded)
        {
            var begin = Stopwatch.GetTimestamp();
            Thread.Sleep(Sleep);
            var late = Stopwatch.GetElapsedTime(begin) - Sleep - Usual;
            if (late > TimeSpan.Zero)
                Interlocked.Add(ref ticks, late.Ticks);
        }
    }
}
