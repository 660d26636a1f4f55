using Npgsql;

namespace JustRunIt.Events.Store.Relaying;

/// <summary>What is parked, for an operator: to look at, and to have tried again by the relay that leads.</summary>
public static class ParkedMessages
{
    /// <summary>All that is parked, in the order in which it was appended; timers last.</summary>
    public static Task<List<ParkedMessage>> ReadAsync(NpgsqlConnection connection, CancellationToken cancellation) =>
        ReadAsync(connection, "true", cancellation);

    /// <summary>Asks the relay that leads to try again.</summary>
    /// <param name="connection">To the database.</param>
    /// <param name="id">What; null for all.</param>
    /// <param name="cancellation">Ends the asking.</param>
    /// <returns>How many will be tried.</returns>
    public static async Task<int> AskAsync(NpgsqlConnection connection, Guid? id, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(
            $"UPDATE {ParkedTable.Name} SET replay = true{(id is null ? "" : " WHERE id = $1")}", connection);
        if (id is { } one)
            command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = one });
        return await command.ExecuteNonQueryAsync(cancellation).ConfigureAwait(false);
    }

    internal static async Task<List<ParkedMessage>> ReadAsync(NpgsqlConnection connection, string condition, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(
            $"""
            SELECT id, seq_id, wire_name, stream, version, queue, reason, problem, at, tries, replay, begun
            FROM {ParkedTable.Name} WHERE {condition} ORDER BY seq_id, at, id
            """,
            connection);
        await using var reader = await command.ExecuteReaderAsync(cancellation).ConfigureAwait(false);
        var parked = new List<ParkedMessage>();
        while (await reader.ReadAsync(cancellation).ConfigureAwait(false))
        {
            parked.Add(new ParkedMessage(
                reader.GetGuid(0),
                reader.IsDBNull(1) ? null : reader.GetInt64(1),
                reader.GetString(2),
                reader.IsDBNull(3) ? null : reader.GetString(3),
                reader.IsDBNull(4) ? null : reader.GetInt64(4),
                reader.IsDBNull(5) ? null : reader.GetString(5),
                Enum.TryParse<ParkReason>(reader.GetString(6), out var reason) ? reason : ParkReason.Refused,
                reader.GetString(7),
                reader.GetDateTime(8).ToUniversalTime(),
                reader.GetInt32(9),
                reader.GetBoolean(10),
                reader.GetInt32(11)));
        }

        return parked;
    }
}
