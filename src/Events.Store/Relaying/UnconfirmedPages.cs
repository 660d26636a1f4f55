namespace JustRunIt.Events.Store.Relaying;

/// <summary>
/// Pages that the broker was given and has not answered for yet. The relay reads on meanwhile; its position, from which a
/// successor begins, follows the answers.
/// </summary>
/// <param name="position">Sequence number of the last event that is known to be with the broker, or parked.</param>
internal sealed class UnconfirmedPages(long position)
{
    /// <summary>
    /// Events. Beyond this the broker is slower than we are, and is waited for. Not pages: while events come one by one, a few pages are
    /// no more than what comes while the broker writes to its disk once.
    /// </summary>
    private const int Most = 16 * EventReader.PageSize;

    private readonly Queue<(long Position, int Events, Task<ParkedMessage[]> Answered)> pages = new();
    private int outstanding;

    /// <summary>Sequence number up to which the broker has answered for everything.</summary>
    public long Position { get; private set; } = position;

    /// <summary>Whether everything is answered for.</summary>
    public bool IsEmpty => pages.Count == 0;

    /// <summary>A page was handed over.</summary>
    /// <param name="last">Its last sequence number.</param>
    /// <param name="events">How many events it has.</param>
    /// <param name="answered">Ends with the broker's answers for all its events, or fails.</param>
    public void Add(long last, int events, Task<ParkedMessage[]> answered)
    {
        pages.Enqueue((last, events, answered));
        outstanding += events;
    }

    /// <summary>
    /// Moves the position to the last page that was answered for; waits only if too many are outstanding. A page that failed throws
    /// its error.
    /// </summary>
    /// <param name="park">Parks what the broker did not take, before the position passes it.</param>
    /// <param name="cancellation">Ends the waiting.</param>
    /// <returns>Whether it has moved.</returns>
    public async Task<bool> AdvanceAsync(Func<ParkedMessage, CancellationToken, Task> park, CancellationToken cancellation)
    {
        var before = Position;
        while (pages.TryPeek(out var head) && (head.Answered.IsCompleted || outstanding > Most))
        {
            foreach (var parked in await head.Answered.WaitAsync(cancellation).ConfigureAwait(false))
                await park(parked, cancellation).ConfigureAwait(false);
            Position = head.Position;
            outstanding -= head.Events;
            pages.Dequeue();
        }

        return Position != before;
    }
}
