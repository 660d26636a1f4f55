using Npgsql;

namespace JustRunIt.Events.Store.Relaying;

/// <summary>
/// The transactions that have drawn a number of the event sequence and have not ended. Drawing one takes a lock on the sequence
/// before the number is known, and the transaction keeps it to its end (PostgreSQL's sequence.c, lock_and_open_sequence); so those
/// that hold it are exactly those that may still commit an event with an earlier number. Readers, dumps and writers of other tables
/// hold none. Every role may see who holds which lock, unlike since when somebody else's transaction runs. A transaction's lock is
/// let go only after what it committed is visible.
/// </summary>
internal sealed class SequenceHolders(NpgsqlConnection connection)
{
    private const string Held =
        $"""
        FROM pg_locks WHERE locktype = 'relation' AND mode = 'RowExclusiveLock' AND granted
            AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
            AND relation = '{StoreSetup.Schema}.mt_events_sequence'::regclass
        """;

    /// <summary>
    /// How transactions are called that were prepared, where they do not keep their name, as they do in PostgreSQL 15; they have no
    /// process any more in either case.
    /// </summary>
    private const string Prepared = "-1/";

    private Dictionary<string, string> waitedFor = [];

    /// <summary>Whose end is waited for.</summary>
    public IReadOnlyCollection<string> Names => waitedFor.Values;

    /// <summary>Begins to wait for those that hold the lock now.</summary>
    public async Task RememberAsync(CancellationToken cancellation) =>
        waitedFor = await ReadAsync(cancellation).ConfigureAwait(false);

    /// <summary>Whether all that were remembered have ended.</summary>
    public async Task<bool> HaveEndedAsync(CancellationToken cancellation)
    {
        if (waitedFor.Count == 0)
            return true;
        var held = await ReadAsync(cancellation).ConfigureAwait(false);
        var ended = waitedFor.Keys.Where(transaction => !held.ContainsKey(transaction)).ToList();
        foreach (var transaction in waitedFor.Keys.Except(ended).ToList())
            waitedFor[transaction] = held[transaction];
        if (ended.Count == 0)
            return false;
        // One that is no longer called as it was may have been prepared: those that are there now are waited for too.
        var mayBePrepared = ended.Any(transaction => !transaction.StartsWith(Prepared, StringComparison.Ordinal));
        foreach (var transaction in ended)
            waitedFor.Remove(transaction);
        if (mayBePrepared)
        {
            foreach (var (transaction, name) in held.Where(each => each.Key.StartsWith(Prepared, StringComparison.Ordinal)))
                waitedFor.TryAdd(transaction, name);
        }

        return waitedFor.Count == 0;
    }

    private async Task<Dictionary<string, string>> ReadAsync(CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand($"SELECT virtualtransaction, coalesce(pid, 0) {Held}", connection);
        await using var reader = await command.ExecuteReaderAsync(cancellation).ConfigureAwait(false);
        var held = new Dictionary<string, string>(StringComparer.Ordinal);
        while (await reader.ReadAsync(cancellation).ConfigureAwait(false))
        {
            var transaction = reader.GetString(0);
            held[transaction] = reader.GetInt32(1) is var process and not 0
                ? $"process {process}"
                : $"prepared transaction {transaction}";
        }

        return held;
    }
}
