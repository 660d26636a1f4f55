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

    private const int PageSize = 500;

    // With a limit, since the planner cannot know that few rows lie behind a snapshot, and would read a long stream as a whole.
    internal static readonly string EventsAfter =
        $"""
        SELECT version, type, data::text FROM {StoreSetup.Schema}.mt_events
            WHERE stream_id = $1 AND version > $2 ORDER BY version LIMIT {PageSize}
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

    /// <summary>Also tells how many events lie behind the snapshot that was used, each of which was read and folded.</summary>
    internal async Task<(Versioned<TState> Read, int Behind)> ReadAsync<TState>(string stream, CancellationToken cancellation)
        where TState : class, IState<TState>
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellation).ConfigureAwait(false);
        // A snapshot is of some version, and what lies behind a version never changes: both need not be of one moment.
        var read = await SnapshotTable.ReadAsync<TState>(connection, stream, cancellation).ConfigureAwait(false)
            ?? new Versioned<TState>(TState.Initial, 0);
        for (var behind = 0; ;)
        {
            var (after, count) = await FoldPageAsync(connection, stream, read, cancellation).ConfigureAwait(false);
            read = after;
            behind += count;
            if (count < PageSize)
                return (read, behind);
        }
    }

    private static async Task<(Versioned<TState> Read, int Count)> FoldPageAsync<TState>(
        NpgsqlConnection connection, string stream, Versioned<TState> read, CancellationToken cancellation)
        where TState : class, IState<TState>
    {
        await using var command = new NpgsqlCommand(EventsAfter, connection);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = stream, NpgsqlDbType = NpgsqlDbType.Varchar });
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = read.Version });
        await using var reader = await command.ExecuteReaderAsync(cancellation).ConfigureAwait(false);
        var (state, version, count) = (read.State, read.Version, 0);
        for (; await reader.ReadAsync(cancellation).ConfigureAwait(false); count++)
        {
            version = reader.GetInt64(0);
            state = TState.Evolve(state, StoredEvents.Read(reader.GetString(1), reader.GetString(2)));
        }

        return (new Versioned<TState>(state, version), count);
    }
}
