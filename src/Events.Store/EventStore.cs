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
public sealed class EventStore
{
    /// <summary>Events behind a snapshot before another is taken.</summary>
    public const int SnapshotEvery = 50;

    private const int PageSize = 500;

    /// <summary>Whoever only looks takes no snapshots, and has none.</summary>
    private const string Nobody = "nobody";

    // With a limit, since the planner cannot know that few rows lie behind a snapshot, and would read a long stream as a whole.
    internal static readonly string EventsAfter =
        $"""
        SELECT version, type, data::text, id FROM {StoreSetup.Schema}.mt_events
            WHERE stream_id = $1 AND version > $2 ORDER BY version LIMIT {PageSize}
        """;

    private readonly NpgsqlDataSource dataSource;
    private readonly string service;
    private readonly RecentStates? recent;

    /// <summary>Reads for somebody who only looks.</summary>
    /// <param name="dataSource">The database.</param>
    public EventStore(NpgsqlDataSource dataSource)
        : this(dataSource, Nobody, null)
    {
    }

    /// <summary>Reads for a service.</summary>
    /// <param name="dataSource">The database.</param>
    /// <param name="service">The service, whose snapshots are read and taken.</param>
    /// <param name="recent">Keeps what was decided on; null when nothing is to be kept.</param>
    internal EventStore(NpgsqlDataSource dataSource, string service, RecentStates? recent) =>
        (this.dataSource, this.service, this.recent) = (dataSource, service, recent);

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

    /// <summary>
    /// The same within a session, whose transaction takes the snapshot if one is due. What this process has folded lately is not read
    /// again, but only what was appended since.
    /// </summary>
    internal async Task<Versioned<TState>> LoadAsync<TState>(IDocumentSession session, string stream, CancellationToken cancellation)
        where TState : class, IState<TState>
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellation).ConfigureAwait(false);
        var folded = await GrowAsync<TState>(connection, stream, cancellation).ConfigureAwait(false)
            ?? await FoldAsync<TState>(connection, stream, cancellation).ConfigureAwait(false);
        if (folded.Behind > SnapshotEvery)
        {
            SnapshotTable.Take(session, service, stream, folded.Read);
            // Where the transaction fails, the next is taken the later.
            folded = folded with { Snapshot = folded.Read.Version };
        }

        if (folded.Last is { } last)
            recent?.Keep(stream, new RecentStates.Recent<TState>(folded.Read, last, folded.Snapshot));
        return folded.Read;
    }

    /// <summary>Also tells how many events lie behind the snapshot that was used, each of which was read and folded.</summary>
    internal async Task<(Versioned<TState> Read, long Behind)> ReadAsync<TState>(string stream, CancellationToken cancellation)
        where TState : class, IState<TState>
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellation).ConfigureAwait(false);
        var folded = await FoldAsync<TState>(connection, stream, cancellation).ConfigureAwait(false);
        return (folded.Read, folded.Behind);
    }

    /// <summary>
    /// What was kept, and what was appended since; null when nothing was kept, or when the stream is another by now: a database that went
    /// back to an earlier time, or a standby that had not heard of everything, goes on with other events of the same versions.
    /// </summary>
    private async Task<Folded<TState>?> GrowAsync<TState>(NpgsqlConnection connection, string stream, CancellationToken cancellation)
        where TState : class, IState<TState>
    {
        if (recent?.Find<TState>(stream) is not { } kept)
            return null;
        var folded = new Folded<TState>(kept.Read, kept.Last, kept.Snapshot);
        var (after, count) = await FoldPageAsync(connection, stream, folded, mustFollow: true, cancellation).ConfigureAwait(false);
        return after is null || count < PageSize
            ? after
            : await FoldRestAsync(connection, stream, after, cancellation).ConfigureAwait(false);
    }

    /// <summary>The snapshot, and all that lies behind it.</summary>
    private async Task<Folded<TState>> FoldAsync<TState>(NpgsqlConnection connection, string stream, CancellationToken cancellation)
        where TState : class, IState<TState>
    {
        // A snapshot is of some version, and what lies behind a version never changes: both need not be of one moment.
        var read = await SnapshotTable.ReadAsync<TState>(connection, service, stream, cancellation).ConfigureAwait(false)
            ?? new Versioned<TState>(TState.Initial, 0);
        return await FoldRestAsync(connection, stream, new Folded<TState>(read, null, read.Version), cancellation).ConfigureAwait(false);
    }

    private static async Task<Folded<TState>> FoldRestAsync<TState>(
        NpgsqlConnection connection, string stream, Folded<TState> folded, CancellationToken cancellation)
        where TState : class, IState<TState>
    {
        while (true)
        {
            var (after, count) = await FoldPageAsync(connection, stream, folded, mustFollow: false, cancellation).ConfigureAwait(false);
            folded = after!;
            if (count < PageSize)
                return folded;
        }
    }

    /// <param name="connection">The database.</param>
    /// <param name="stream">The stream.</param>
    /// <param name="folded">What is folded already.</param>
    /// <param name="mustFollow">Whether its last event must still be there; else nothing is folded.</param>
    /// <param name="cancellation">Ends the reading.</param>
    private static async Task<(Folded<TState>? Folded, int Count)> FoldPageAsync<TState>(
        NpgsqlConnection connection, string stream, Folded<TState> folded, bool mustFollow, CancellationToken cancellation)
        where TState : class, IState<TState>
    {
        await using var command = new NpgsqlCommand(EventsAfter, connection);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = stream, NpgsqlDbType = NpgsqlDbType.Varchar });
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = folded.Read.Version - (mustFollow ? 1 : 0) });
        await using var reader = await command.ExecuteReaderAsync(cancellation).ConfigureAwait(false);
        var (state, version, last, count) = (folded.Read.State, folded.Read.Version, folded.Last, 0);
        for (; await reader.ReadAsync(cancellation).ConfigureAwait(false); count++)
        {
            if (mustFollow && count == 0)
            {
                if (reader.GetInt64(0) != version || reader.GetGuid(3) != last)
                    return (null, 0);
                continue;
            }

            (version, last) = (reader.GetInt64(0), reader.GetGuid(3));
            state = TState.Evolve(state, StoredEvents.Read(reader.GetString(1), reader.GetString(2)));
        }

        if (mustFollow && count == 0)
            return (null, 0);
        return (folded with { Read = new Versioned<TState>(state, version), Last = last }, count);
    }

    /// <summary>A state on its way.</summary>
    /// <param name="Read">The state, and its version.</param>
    /// <param name="Last">Id of the last event; null while it is only known from a snapshot.</param>
    /// <param name="Snapshot">Version of the last snapshot.</param>
    private sealed record Folded<TState>(Versioned<TState> Read, Guid? Last, long Snapshot)
        where TState : class, IState<TState>
    {
        /// <summary>Events behind the last snapshot.</summary>
        public long Behind => Read.Version - Snapshot;
    }
}
