namespace JustRunIt.Events.Store.Relaying;

/// <summary>
/// Pages that the broker was given and has not confirmed yet. The relay reads on meanwhile; its position, from which a
/// successor begins, follows the confirms.
/// </summary>
/// <param name="position">Sequence number of the last event that is known to be with the broker.</param>
internal sealed class UnconfirmedPages(long position)
{
    /// <summary>Beyond this the broker is slower than we are, and is waited for.</summary>
    private const int Most = 16;

    private readonly Queue<(long Position, Task Confirmed)> pages = new();

    /// <summary>Sequence number up to which the broker has confirmed everything.</summary>
    public long Position { get; private set; } = position;

    /// <summary>Whether everything is confirmed.</summary>
    public bool IsEmpty => pages.Count == 0;

    /// <summary>A page was handed over.</summary>
    /// <param name="last">Its last sequence number.</param>
    /// <param name="confirmed">Ends with the broker's confirm of all its events, or fails.</param>
    public void Add(long last, Task confirmed) => pages.Enqueue((last, confirmed));

    /// <summary>Moves the position to the last confirmed page; waits only if too many are outstanding.</summary>
    /// <returns>Whether it has moved. A page that failed throws its error.</returns>
    public async Task<bool> AdvanceAsync()
    {
        var before = Position;
        while (pages.TryPeek(out var head) && (head.Confirmed.IsCompleted || pages.Count > Most))
        {
            await head.Confirmed.ConfigureAwait(false);
            Position = head.Position;
            pages.Dequeue();
        }

        return Position != before;
    }
}
