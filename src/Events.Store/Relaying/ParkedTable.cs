using Npgsql;

namespace JustRunIt.Events.Store.Relaying;

/// <summary>
/// Events that the relay could not hand over because the program that led could not read them: most often, newer software wrote
/// them. They wait here, and are handed over by the first leader that can.
/// </summary>
internal static class ParkedTable
{
    public const string Ddl =
        $"""
        CREATE TABLE IF NOT EXISTS {StoreSetup.Schema}.parked (
            seq_id bigint PRIMARY KEY,
            wire_name text NOT NULL,
            at timestamptz NOT NULL DEFAULT now());
        """;

    public static async Task AddAsync(NpgsqlConnection connection, RecordedEvent recorded, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(
            $"INSERT INTO {StoreSetup.Schema}.parked (seq_id, wire_name) VALUES ($1, $2) ON CONFLICT DO NOTHING", connection);
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = recorded.Sequence });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = recorded.WireName });
        await command.ExecuteNonQueryAsync(cancellation).ConfigureAwait(false);
    }

    public static async Task<List<long>> ReadAsync(NpgsqlConnection connection, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand($"SELECT seq_id FROM {StoreSetup.Schema}.parked ORDER BY seq_id", connection);
        await using var reader = await command.ExecuteReaderAsync(cancellation).ConfigureAwait(false);
        var parked = new List<long>();
        while (await reader.ReadAsync(cancellation).ConfigureAwait(false))
            parked.Add(reader.GetInt64(0));
        return parked;
    }

    public static async Task RemoveAsync(NpgsqlConnection connection, long sequence, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand($"DELETE FROM {StoreSetup.Schema}.parked WHERE seq_id = $1", connection);
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = sequence });
        await command.ExecuteNonQueryAsync(cancellation).ConfigureAwait(false);
    }
}
