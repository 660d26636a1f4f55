using JustRunIt.Events.Deciding;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Upcasting;
using Marten;
using Npgsql;
using NpgsqlTypes;

namespace JustRunIt.Events.Store;

/// <summary>
/// Reads streams. What it costs does not grow with their length: a snapshot of the state is taken whenever more than
/// <see cref="SnapshotEvery"/> events lie behind the last one, and only those are folded.
/// </summary>
public sealed class EventStore(NpgsqlDataSource dataSource)
{
    /// <summary>Events behind a snapshot before another is taken.</summary>
    public const int SnapshotEvery = 50;

    // One statement, so that snapshot and rest are of one moment.
    private const string Query =
        $"""
        WITH snapshot AS (
            SELECT version, state::text AS data FROM {SnapshotTable.Name} WHERE stream = $1 AND kind = $2 AND format = $3)
        SELECT version, NULL AS type, data FROM snapshot
        UNION ALL
        SELECT version, type, data::text FROM {StoreSetup.Schema}.mt_events
            WHERE stream_id = $1 AND version > COALESCE((SELECT version FROM snapshot), 0)
        ORDER BY version
        """;

    /// <summary>A stream's state and version, to look at.</summary>
    /// <param name="stream">Name of the stream.</param>
    /// <param name="cancellation">Ends the reading.</param>
    /// <exception cref="UnknownEventException">The stream holds an event that this program does not know.</exception>
    public async Task<Versioned<TState>> LoadAsync<TState>(string stream, CancellationToken cancellation)
        where TState : class, IState<TState>
    {
        var (read, _) = await ReadAsync<TState>(stream, cancellation).ConfigureAwait(false);
        return read;
    }

    /// <summary>The same within a session, whose transaction takes the snapshot if one is due.</summary>
    internal async Task<Versioned<TState>> LoadAsync<TState>(IDocumentSession session, string stream, CancellationToken cancellation)
        where TState : class, IState<TState>
    {
        var (read, behind) = await ReadAsync<TState>(stream, cancellation).ConfigureAwait(false);
        if (behind > SnapshotEvery)
            SnapshotTable.Take(session, stream, read);
        return read;
    }

    private async Task<(Versioned<TState> Read, int Behind)> ReadAsync<TState>(string stream, CancellationToken cancellation)
        where TState : class, IState<TState>
    {
        await using var command = dataSource.CreateCommand(Query);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = stream, NpgsqlDbType = NpgsqlDbType.Text });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = typeof(TState).Name, NpgsqlDbType = NpgsqlDbType.Text });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = SnapshotTable.FormatOf<TState>(), NpgsqlDbType = NpgsqlDbType.Text });
        await using var reader = await command.ExecuteReaderAsync(cancellation).ConfigureAwait(false);
        var (state, version, behind) = (TState.Initial, 0L, 0);
        while (await reader.ReadAsync(cancellation).ConfigureAwait(false))
        {
            version = reader.GetInt64(0);
            if (await reader.IsDBNullAsync(1, cancellation).ConfigureAwait(false))
            {
                state = SnapshotTable.Read<TState>(reader.GetString(2));
                continue;
            }

            state = TState.Evolve(state, StoredEvents.Read(reader.GetString(1), reader.GetString(2)));
            behind++;
        }

        return (new Versioned<TState>(state, version), behind);
    }
}
