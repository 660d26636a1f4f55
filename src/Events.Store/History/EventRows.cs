using JustRunIt.Events.Auditing;
using JustRunIt.Events.Deciding;
using Npgsql;
using NpgsqlTypes;

namespace JustRunIt.Events.Store.History;

/// <summary>Reads events with all that stands beside them. Whoever only reads (docs/roles.md) may do so.</summary>
internal static class EventRows
{
    public const string Table = $"{StoreSetup.Schema}.mt_events";

    /// <summary>Events of a query.</summary>
    /// <param name="connection">To the database.</param>
    /// <param name="condition">What follows WHERE: condition, order, limit.</param>
    /// <param name="parameters">Its parameters.</param>
    /// <param name="cancellation">Ends the reading.</param>
    public static async Task<List<PastEvent>> ReadAsync(
        NpgsqlConnection connection, string condition, IEnumerable<NpgsqlParameter> parameters, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(
            $"""
            SELECT seq_id, id, stream_id, version, type, data::text, timestamp, causation_id, correlation_id,
                (headers -> '{DecisionRecord.Header}')::text
            FROM {Table} WHERE {condition}
            """,
            connection);
        command.Parameters.AddRange(parameters.ToArray());
        await using var reader = await command.ExecuteReaderAsync(cancellation).ConfigureAwait(false);
        var events = new List<PastEvent>();
        while (await reader.ReadAsync(cancellation).ConfigureAwait(false))
        {
            events.Add(new PastEvent(
                reader.GetInt64(0),
                reader.GetGuid(1),
                reader.GetString(2),
                reader.GetInt64(3),
                reader.GetString(4),
                reader.GetString(5),
                new DateTimeOffset(reader.GetDateTime(6).ToUniversalTime()),
                reader.IsDBNull(7) ? null : reader.GetString(7),
                reader.IsDBNull(8) ? null : reader.GetString(8),
                reader.IsDBNull(9) ? null : reader.GetString(9)));
        }

        return events;
    }

    /// <summary>A parameter for a number.</summary>
    public static NpgsqlParameter Number(long value) => new NpgsqlParameter<long> { TypedValue = value };

    /// <summary>A parameter for the name of a stream.</summary>
    public static NpgsqlParameter Stream(string name) =>
        new NpgsqlParameter<string> { TypedValue = name, NpgsqlDbType = NpgsqlDbType.Varchar };

    /// <summary>A parameter for several.</summary>
    public static NpgsqlParameter Streams(IEnumerable<string> names) => new NpgsqlParameter<string[]>
    {
        TypedValue = [.. names],
        NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Varchar,
    };
}
