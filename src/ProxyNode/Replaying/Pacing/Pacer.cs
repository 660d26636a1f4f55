using JustRunIt.ProxyNode.Measuring;
using JustRunIt.ProxyNode.Threads;

namespace JustRunIt.ProxyNode.Replaying.Pacing;

/// <summary>
/// Hands over to the clone's connections what they have to do when it is due, on a thread of its own: no loop on which sockets are
/// waited for is late because of another's work.
/// </summary>
internal sealed class Pacer : IDisposable
{
    private readonly DeadlineThread<ScheduledAction> thread;
    private readonly ResponseTimes lateness;

    /// <summary>Starts it.</summary>
    /// <param name="clock">Whose timestamps actions are due at.</param>
    /// <param name="tags">What the instrument of lateness is told.</param>
    public Pacer(TimeProvider clock, IReadOnlyList<KeyValuePair<string, object?>> tags)
    {
        lateness = new ResponseTimes(ProxyMeter.Lateness, [.. tags]);
        thread = new DeadlineThread<ScheduledAction>("pacer", clock, action => action.Shadow.Due(action));
    }

    /// <summary>How much later than due the duplicates were sent that had to wait for no other.</summary>
    public ResponseTimes Lateness => lateness;

    /// <summary>Hands something over to its connection when it is due.</summary>
    public void Add(in ScheduledAction action) => thread.Add(action, action.Due);

    /// <summary>A duplicate is sent so much later than it was due.</summary>
    public void CountLateness(TimeSpan late) => lateness.Add(late, isError: false);

    /// <inheritdoc />
    public void Dispose() => thread.Dispose();
}
