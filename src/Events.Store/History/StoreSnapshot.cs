using System.Data;
using System.Runtime.CompilerServices;
using JustRunIt.Events.Auditing;
using JustRunIt.Hosting.Configuration;
using Npgsql;

namespace JustRunIt.Events.Store.History;

/// <summary>
/// All streams as of one moment, whatever is appended meanwhile: each decision is there as a whole or not at all. Two connections look at
/// the same snapshot (PostgreSQL manual, "Snapshot Synchronization Functions"), so that the next page is read while one is audited. The
/// transactions are read-only, whatever the user might do besides.
/// </summary>
public sealed class StoreSnapshot : IHistory, IAsyncDisposable
{
    private const int PageSize = 1_000;
    private const int ConnectSeconds = 5;

    /// <summary>To find where a time begins, a whole store may have to be looked at.</summary>
    private const int CommandSeconds = 600;

    private readonly NpgsqlConnection pages;
    private readonly NpgsqlConnection lookups;
    private readonly StreamHistory history;

    private StoreSnapshot(NpgsqlConnection pages, NpgsqlConnection lookups)
    {
        this.pages = pages;
        this.lookups = lookups;
        history = new StreamHistory(lookups, PageSize);
    }

    /// <summary>Opens the streams of a database as they are now.</summary>
    /// <param name="postgres">An Npgsql connection string.</param>
    /// <param name="cancellation">Ends the opening.</param>
    /// <exception cref="ConfigurationException">There are no streams in the database.</exception>
    public static async Task<StoreSnapshot> OpenAsync(string postgres, CancellationToken cancellation)
    {
        var pages = Connection(postgres);
        var lookups = Connection(postgres);
        try
        {
            await OpenAsync(pages, cancellation).ConfigureAwait(false);
            await lookups.OpenAsync(cancellation).ConfigureAwait(false);
            await BeginAsync(pages, null, cancellation).ConfigureAwait(false);
            await using var export = new NpgsqlCommand("SELECT pg_export_snapshot()", pages);
            var snapshot = (string)(await export.ExecuteScalarAsync(cancellation).ConfigureAwait(false))!;
            await BeginAsync(lookups, snapshot, cancellation).ConfigureAwait(false);
            return new StoreSnapshot(pages, lookups);
        }
        catch
        {
            await pages.DisposeAsync().ConfigureAwait(false);
            await lookups.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Opens a connection to look at streams.</summary>
    /// <exception cref="ConfigurationException">There are no streams in the database.</exception>
    public static async Task<NpgsqlConnection> ConnectAsync(string postgres, CancellationToken cancellation)
    {
        var connection = Connection(postgres);
        try
        {
            await OpenAsync(connection, cancellation).ConfigureAwait(false);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>The highest sequence of an event; 0 where there is none.</summary>
    public Task<long> LastSequenceAsync(CancellationToken cancellation) =>
        NumberAsync($"SELECT coalesce(max(seq_id), 0) FROM {EventRows.Table}", [], cancellation);

    /// <summary>The sequence of the first event that was appended at a time or later; past the end where there is none.</summary>
    public Task<long> FirstSequenceAsync(DateTimeOffset since, CancellationToken cancellation) => NumberAsync(
        $"SELECT coalesce((SELECT seq_id FROM {EventRows.Table} WHERE timestamp >= $1 ORDER BY seq_id LIMIT 1), {long.MaxValue})",
        [new NpgsqlParameter<DateTime> { TypedValue = since.UtcDateTime }],
        cancellation);

    /// <summary>Events in the order of their sequence.</summary>
    /// <param name="from">The first sequence.</param>
    /// <param name="streams">Of which streams; null for all.</param>
    /// <param name="cancellation">Ends the reading.</param>
    public async IAsyncEnumerable<PastEvent> EventsAsync(
        long from, IReadOnlyCollection<string>? streams, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var next = PageAsync(from, streams, cancellation);
        try
        {
            while (true)
            {
                var page = await next.ConfigureAwait(false);
                if (page.Count == 0)
                    yield break;
                next = PageAsync(page[^1].Sequence + 1, streams, cancellation);
                foreach (var e in page)
                    yield return e;
            }
        }
        finally
        {
            // The connection is let go only when nobody reads from it any more.
            await Task.WhenAny(next).ConfigureAwait(false);
        }
    }

    /// <summary>What the store has to show that it was not changed; null where it has nothing, for it is of an older version.</summary>
    /// <param name="cancellation">Ends the reading.</param>
    public Task<Seals?> SealsAsync(CancellationToken cancellation) => Seals.OpenAsync(pages, cancellation);

    /// <inheritdoc />
    public IAsyncEnumerable<PastEvent> ReadAsync(string stream, long after, long upTo, CancellationToken cancellation) =>
        history.ReadAsync(stream, after, upTo, cancellation);

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await pages.DisposeAsync().ConfigureAwait(false);
        await lookups.DisposeAsync().ConfigureAwait(false);
    }

    private static NpgsqlConnection Connection(string postgres) => new(new NpgsqlConnectionStringBuilder(postgres)
    {
        Pooling = false,
        Timeout = ConnectSeconds,
        CommandTimeout = CommandSeconds,
        // The same few statements again and again.
        MaxAutoPrepare = 20,
        AutoPrepareMinUsages = 3,
    }.ConnectionString);

    private static async Task OpenAsync(NpgsqlConnection connection, CancellationToken cancellation)
    {
        await connection.OpenAsync(cancellation).ConfigureAwait(false);
        await using var command = new NpgsqlCommand($"SELECT to_regclass('{EventRows.Table}') IS NOT NULL", connection);
        if (!(bool)(await command.ExecuteScalarAsync(cancellation).ConfigureAwait(false))!)
        {
            throw new ConfigurationException(
                $"environment: {Connections.PostgresVariable}: database {connection.Database} has no streams; "
                + "allowed is one that the services have run on");
        }
    }

    private static async Task BeginAsync(NpgsqlConnection connection, string? snapshot, CancellationToken cancellation)
    {
        // The one that pages are read on waits while they are decided again, the other one until something is looked up: as long as that
        // takes, which a server's bound on idle transactions knows nothing of. Before the transaction, which may stand still at once.
        await ExecuteAsync("SET idle_in_transaction_session_timeout = 0").ConfigureAwait(false);
        await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellation).ConfigureAwait(false);
        await ExecuteAsync("SET TRANSACTION READ ONLY").ConfigureAwait(false);
        if (snapshot is not null)
            await ExecuteAsync($"SET TRANSACTION SNAPSHOT '{snapshot}'").ConfigureAwait(false);

        async Task ExecuteAsync(string sql)
        {
            await using var command = new NpgsqlCommand(sql, connection);
            await command.ExecuteNonQueryAsync(cancellation).ConfigureAwait(false);
        }
    }

    private Task<List<PastEvent>> PageAsync(long from, IReadOnlyCollection<string>? streams, CancellationToken cancellation) =>
        streams is null
            ? EventRows.ReadAsync(
                pages, $"seq_id >= $1 ORDER BY seq_id LIMIT {PageSize}", [EventRows.Number(from)], cancellation)
            : EventRows.ReadAsync(
                pages,
                $"seq_id >= $1 AND stream_id = ANY($2) ORDER BY seq_id LIMIT {PageSize}",
                [EventRows.Number(from), EventRows.Streams(streams)],
                cancellation);

    private async Task<long> NumberAsync(string sql, IEnumerable<NpgsqlParameter> parameters, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(sql, lookups);
        command.Parameters.AddRange(parameters.ToArray());
        return (long)(await command.ExecuteScalarAsync(cancellation).ConfigureAwait(false))!;
    }
}
