using System.Runtime.CompilerServices;
using System.Text.Json;
using JustRunIt.Events.Auditing.Seals;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Sealing;
using JustRunIt.Events.Store.Sealing;
using Npgsql;

namespace JustRunIt.Events.Store.History;

/// <summary>Hashes, leaves and checkpoints of a store, as of one moment, beside the events that they are of.</summary>
public sealed class Seals
{
    private const int PageSize = 2_000;

    private static readonly string Columns =
        $"""
        e.id, e.stream_id, e.version, e.type, {ChainTable.At("e")}, e.causation_id, e.correlation_id, e.headers::text, e.data::text,
            c.canonical, c.hash, c.canonical = {ChainTable.Canonical("e")}
        """;

    private readonly NpgsqlConnection connection;

    private Seals(NpgsqlConnection connection) => this.connection = connection;

    internal static async Task<Seals?> OpenAsync(NpgsqlConnection connection, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand($"SELECT to_regclass('{ChainTable.Name}') IS NOT NULL", connection);
        return (bool)(await command.ExecuteScalarAsync(cancellation).ConfigureAwait(false))! ? new Seals(connection) : null;
    }

    /// <summary>
    /// The checkpoints that stand on streams, in their order; what cannot be read is left out, for its event was changed.
    /// </summary>
    public async Task<IReadOnlyList<CheckpointSigned>> CheckpointsAsync(CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(
            $"SELECT data::text FROM {EventRows.Table} WHERE type = '{Wire.NameOf(typeof(CheckpointSigned))}' ORDER BY seq_id", connection);
        await using var reader = await command.ExecuteReaderAsync(cancellation).ConfigureAwait(false);
        var found = new List<CheckpointSigned>();
        while (await reader.ReadAsync(cancellation).ConfigureAwait(false))
        {
            try
            {
                if (JsonSerializer.Deserialize<CheckpointSigned>(reader.GetString(0), Wire.Json) is { } checkpoint)
                    found.Add(checkpoint);
            }
            catch (JsonException)
            {
                // Its event is found as changed.
            }
        }

        return found;
    }

    /// <summary>All that stands under a number, in the order of numbers: whatever of event, hash and leaf is there.</summary>
    /// <param name="cancellation">Ends the reading.</param>
    public async IAsyncEnumerable<SealedRow> AllAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        var sql = string.Create(
            System.Globalization.CultureInfo.InvariantCulture,
            $"""
            WITH bound AS MATERIALIZED (
                SELECT least({Bound(EventRows.Table)}, {Bound(ChainTable.Name)}, {Bound(TreeTable.Leaves)}) AS top)
            SELECT coalesce(e.seq_id, c.seq_id, l.seq_id), l.leaf, {Columns}
                FROM (SELECT * FROM {EventRows.Table}, bound WHERE seq_id > $1 AND seq_id <= coalesce(top, {long.MaxValue})) AS e
                FULL JOIN (SELECT * FROM {ChainTable.Name}, bound WHERE seq_id > $1 AND seq_id <= coalesce(top, {long.MaxValue})) AS c
                    ON c.seq_id = e.seq_id
                FULL JOIN (SELECT * FROM {TreeTable.Leaves}, bound WHERE seq_id > $1 AND seq_id <= coalesce(top, {long.MaxValue})) AS l
                    ON l.seq_id = coalesce(e.seq_id, c.seq_id)
                ORDER BY 1
            """);
        for (var after = 0L; ;)
        {
            var page = await ReadAsync(sql, [EventRows.Number(after)], cancellation).ConfigureAwait(false);
            if (page.Count == 0)
                yield break;
            after = page[^1].Sequence;
            foreach (var row in page)
                yield return row;
        }

        // The number of the last of a page of a table; nothing where there are fewer.
        static string Bound(string table) => string.Create(
            System.Globalization.CultureInfo.InvariantCulture,
            $"(SELECT seq_id FROM {table} WHERE seq_id > $1 ORDER BY seq_id OFFSET {PageSize - 1} LIMIT 1)");
    }

    /// <summary>The events of some streams with their hashes, in the order of their numbers.</summary>
    /// <param name="streams">The streams.</param>
    /// <param name="cancellation">Ends the reading.</param>
    public async IAsyncEnumerable<SealedRow> OfAsync(
        IReadOnlyCollection<string> streams, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var sql = string.Create(
            System.Globalization.CultureInfo.InvariantCulture,
            $"""
            SELECT e.seq_id, l.leaf, {Columns} FROM {EventRows.Table} AS e LEFT JOIN {ChainTable.Name} AS c ON c.seq_id = e.seq_id
                LEFT JOIN {TreeTable.Leaves} AS l ON l.seq_id = e.seq_id
                WHERE e.seq_id > $1 AND e.stream_id = ANY($2) ORDER BY e.seq_id LIMIT {PageSize}
            """);
        for (var after = 0L; ;)
        {
            var page = await ReadAsync(sql, [EventRows.Number(after), EventRows.Streams(streams)], cancellation).ConfigureAwait(false);
            foreach (var row in page)
                yield return row;
            if (page.Count < PageSize)
                yield break;
            after = page[^1].Sequence;
        }
    }

    /// <summary>The hashes of the first leaves, in their order.</summary>
    /// <param name="count">How many.</param>
    /// <param name="cancellation">Ends the reading.</param>
    public async IAsyncEnumerable<ReadOnlyMemory<byte>> LeavesAsync(
        long count, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(
            $"""
            SELECT c.hash FROM {TreeTable.Leaves} AS l JOIN {ChainTable.Name} AS c ON c.seq_id = l.seq_id
                WHERE l.leaf >= 0 AND l.leaf < $1 ORDER BY l.leaf
            """,
            connection);
        command.Parameters.Add(EventRows.Number(count));
        await using var reader = await command.ExecuteReaderAsync(cancellation).ConfigureAwait(false);
        while (await reader.ReadAsync(cancellation).ConfigureAwait(false))
            yield return reader.GetFieldValue<byte[]>(0);
    }

    private async Task<List<SealedRow>> ReadAsync(
        string sql, IEnumerable<NpgsqlParameter> parameters, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        command.Parameters.AddRange(parameters.ToArray());
        await using var reader = await command.ExecuteReaderAsync(cancellation).ConfigureAwait(false);
        var rows = new List<SealedRow>();
        while (await reader.ReadAsync(cancellation).ConfigureAwait(false))
            rows.Add(Row(reader));
        return rows;
    }

    private static SealedRow Row(NpgsqlDataReader reader)
    {
        var e = reader.IsDBNull(2)
            ? null
            : new StoredEvent(
                reader.GetGuid(2),
                reader.GetString(3),
                reader.GetInt64(4),
                reader.GetString(5),
                reader.GetString(6),
                Text(7),
                Text(8),
                Text(9),
                reader.GetString(10));
        var link = reader.IsDBNull(11)
            ? null
            : new ChainLink(
                reader.GetFieldValue<byte[]>(11), reader.GetFieldValue<byte[]>(12), !reader.IsDBNull(13) && reader.GetBoolean(13));
        return new SealedRow(reader.GetInt64(0), e, link, reader.IsDBNull(1) ? null : reader.GetInt64(1));

        string? Text(int column) => reader.IsDBNull(column) ? null : reader.GetString(column);
    }
}
