using JustRunIt.Events.Deciding;
using JustRunIt.Events.Messaging;
using Marten;
using Npgsql;
using NpgsqlTypes;

namespace JustRunIt.Events.Store;

/// <summary>
/// Which messages a decider has handled: those that led to events are found by their cause, through an index; those that led to
/// none have a row with the reason, kept for a while.
/// </summary>
internal static class HandledTable
{
    public const string Name = $"{StoreSetup.Schema}.handled";

    /// <summary>Name of the index on the causes of events.</summary>
    public const string CauseIndex = "mt_events_causation_id";

    public const string Ddl =
        $"""
        CREATE TABLE IF NOT EXISTS {Name} (
            message_id uuid NOT NULL,
            decider text NOT NULL,
            at timestamptz NOT NULL,
            why text NOT NULL,
            detail text NOT NULL,
            PRIMARY KEY (message_id, decider));
        CREATE INDEX IF NOT EXISTS handled_at ON {Name} (at);
        CREATE INDEX IF NOT EXISTS {CauseIndex} ON {StoreSetup.Schema}.mt_events (causation_id);
        """;

    /// <summary>Asks for $2, the decider, whether it has handled the message $3, as text $1.</summary>
    internal const string Query =
        $"""
        SELECT EXISTS (SELECT FROM {StoreSetup.Schema}.mt_events
                WHERE causation_id = $1 AND headers -> '{DecisionRecord.Header}' ->> 'decider' = $2)
            OR EXISTS (SELECT FROM {Name} WHERE message_id = $3 AND decider = $2)
        """;

    /// <summary>So many are dropped at a time.</summary>
    internal const int Portion = 500;

    private static readonly TimeSpan Kept = TimeSpan.FromDays(7);

    /// <summary>Whether a decider has handled a message before.</summary>
    public static async Task<bool> ContainsAsync(NpgsqlDataSource dataSource, string decider, Guid message, CancellationToken cancellation)
    {
        await using var command = dataSource.CreateCommand(Query);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = message.ToString(), NpgsqlDbType = NpgsqlDbType.Varchar });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = decider, NpgsqlDbType = NpgsqlDbType.Text });
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = message });
        return (bool)(await command.ExecuteScalarAsync(cancellation).ConfigureAwait(false))!;
    }

    /// <summary>
    /// Remembers, in the session's transaction, that a message led to nothing; the commit does not wait for the disk. If a crash of the
    /// database takes the row along, nobody has seen anything of the decision, and the message is decided as if for the first time.
    /// </summary>
    public static void Add(IDocumentSession session, string decider, Cause cause, WhyNothing why, string detail)
    {
        session.QueueSqlCommand("SET LOCAL synchronous_commit = off");
        session.QueueSqlCommand(
            $"INSERT INTO {Name} (message_id, decider, at, why, detail) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            cause.MessageId,
            decider,
            cause.At,
            why.ToString(),
            detail);
    }

    /// <summary>
    /// Drops what is older than a week: a broker redelivers nothing after so long. A portion only, since whoever drops it relays events
    /// meanwhile.
    /// </summary>
    /// <returns>Whether there may be more.</returns>
    public static async Task<bool> DropSomeOldAsync(NpgsqlConnection connection, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(
            $"DELETE FROM {Name} WHERE ctid = ANY(ARRAY(SELECT ctid FROM {Name} WHERE at < now() - $1 ORDER BY at LIMIT {Portion}))",
            connection);
        command.Parameters.Add(new NpgsqlParameter<TimeSpan> { TypedValue = Kept });
        return await command.ExecuteNonQueryAsync(cancellation).ConfigureAwait(false) == Portion;
    }
}
