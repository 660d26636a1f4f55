using JustRunIt.Events.Messaging;
using JustRunIt.Events.Sealing;
using JustRunIt.Events.Store.Relaying;
using Npgsql;

namespace JustRunIt.Events.Store.Sealing;

/// <summary>
/// The Merkle tree over the hashes of all events, in the order of their numbers: which of them is which leaf, since numbers have gaps,
/// and what the next root needs.
/// </summary>
internal static class TreeTable
{
    /// <summary>The table of leaves, without the schema.</summary>
    public const string LeavesTable = "leaves";

    /// <summary>The table of the tree's whole parts, without the schema.</summary>
    public const string PartsTable = "tree";

    public const string Leaves = $"{StoreSetup.Schema}.{LeavesTable}";

    public const string Parts = $"{StoreSetup.Schema}.{PartsTable}";

    public const string Ddl =
        $"""
        CREATE TABLE IF NOT EXISTS {Leaves} (leaf bigint PRIMARY KEY, seq_id bigint NOT NULL UNIQUE);
        CREATE TABLE IF NOT EXISTS {Parts} (id int PRIMARY KEY, size bigint NOT NULL, last_seq bigint NOT NULL, parts bytea[] NOT NULL);
        INSERT INTO {Parts} (id, size, last_seq, parts) VALUES (1, 0, 0, ARRAY[]::bytea[]) ON CONFLICT DO NOTHING;
        """;

    private const int MostAtOnce = 5_000;

    /// <summary>
    /// Adds the hashes of events up to the relay's position: of numbers before it none can come any more. Whoever does it at the same time
    /// waits.
    /// </summary>
    /// <param name="connection">To the database.</param>
    /// <param name="cancellation">Ends it; nothing is added then.</param>
    /// <returns>The tree, and whether there is more to add.</returns>
    public static async Task<(GrowingTree Tree, bool More)> GrowAsync(NpgsqlConnection connection, CancellationToken cancellation)
    {
        await using var transaction = await connection.BeginTransactionAsync(cancellation).ConfigureAwait(false);
        var (tree, last) = await ReadAsync(connection, cancellation).ConfigureAwait(false);
        var first = tree.Size;
        var added = new List<long>();
        await using (var command = new NpgsqlCommand(
            $"""
            SELECT seq_id, hash FROM {ChainTable.Name} WHERE seq_id > $1 AND seq_id <= (SELECT position FROM {RelayTable.Name} WHERE id = 1)
                ORDER BY seq_id LIMIT {MostAtOnce}
            """,
            connection))
        {
            command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = last });
            await using var reader = await command.ExecuteReaderAsync(cancellation).ConfigureAwait(false);
            while (await reader.ReadAsync(cancellation).ConfigureAwait(false))
            {
                added.Add(reader.GetInt64(0));
                tree.Add(reader.GetFieldValue<byte[]>(1));
            }
        }

        if (added.Count > 0)
            await WriteAsync(connection, tree, first, added, cancellation).ConfigureAwait(false);
        await transaction.CommitAsync(cancellation).ConfigureAwait(false);
        return (tree, added.Count == MostAtOnce);
    }

    /// <summary>Whether any leaf but checkpoints stands behind so many.</summary>
    public static async Task<bool> HasNewsAsync(NpgsqlConnection connection, long after, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(
            $"""
            SELECT EXISTS (SELECT FROM {Leaves} AS l JOIN {StoreSetup.Schema}.mt_events AS e ON e.seq_id = l.seq_id
                WHERE l.leaf >= $1 AND e.type <> '{Wire.NameOf(typeof(CheckpointSigned))}')
            """,
            connection);
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = after });
        return (bool)(await command.ExecuteScalarAsync(cancellation).ConfigureAwait(false))!;
    }

    private static async Task<(GrowingTree Tree, long Last)> ReadAsync(NpgsqlConnection connection, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand($"SELECT size, last_seq, parts FROM {Parts} WHERE id = 1 FOR UPDATE", connection);
        await using var reader = await command.ExecuteReaderAsync(cancellation).ConfigureAwait(false);
        await reader.ReadAsync(cancellation).ConfigureAwait(false);
        return (new GrowingTree(reader.GetInt64(0), reader.GetFieldValue<byte[][]>(2)), reader.GetInt64(1));
    }

    private static async Task WriteAsync(
        NpgsqlConnection connection, GrowingTree tree, long first, List<long> added, CancellationToken cancellation)
    {
        await using (var leaves = new NpgsqlCommand(
            $"INSERT INTO {Leaves} (leaf, seq_id) SELECT $1 + n - 1, seq FROM unnest($2) WITH ORDINALITY AS a(seq, n)", connection))
        {
            leaves.Parameters.Add(new NpgsqlParameter<long> { TypedValue = first });
            leaves.Parameters.Add(new NpgsqlParameter<long[]> { TypedValue = [.. added] });
            await leaves.ExecuteNonQueryAsync(cancellation).ConfigureAwait(false);
        }

        await using var parts = new NpgsqlCommand($"UPDATE {Parts} SET size = $1, last_seq = $2, parts = $3 WHERE id = 1", connection);
        parts.Parameters.Add(new NpgsqlParameter<long> { TypedValue = tree.Size });
        parts.Parameters.Add(new NpgsqlParameter<long> { TypedValue = added[^1] });
        parts.Parameters.Add(new NpgsqlParameter<byte[][]> { TypedValue = [.. tree.Parts] });
        await parts.ExecuteNonQueryAsync(cancellation).ConfigureAwait(false);
    }
}
