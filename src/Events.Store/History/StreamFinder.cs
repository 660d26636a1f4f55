using JustRunIt.Events.Auditing;
using JustRunIt.Events.Explorations;
using JustRunIt.Events.Matrices;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Telling;
using JustRunIt.Events.Upcasting;
using Npgsql;

namespace JustRunIt.Events.Store.History;

/// <summary>Finds streams as people name them (<see cref="StreamQuery"/>).</summary>
/// <param name="connection">To the database.</param>
public sealed class StreamFinder(NpgsqlConnection connection)
{
    /// <summary>So many are listed where a name is not clear.</summary>
    public const int Most = 100;

    private const string Table = $"{StoreSetup.Schema}.mt_streams";

    /// <summary>Names among which the nearest are looked for.</summary>
    private const int MostNames = 20_000;

    /// <summary>Finds the streams that may be meant.</summary>
    public async Task<FoundStreams> FindAsync(StreamQuery query, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(query);
        var (kind, name) = (query.Kind, query.Name);
        // Whole names first: 'service shop' is no beginning of 'service shop-2' where there is a service of that name.
        var whole = kind is null
            ? [name]
            : kind == StreamKind.Sandbox ? [kind.Prefix + name.Replace('/', '-')] : new[] { kind.Prefix + name };
        var found = await StreamsAsync("id = ANY($1)", EventRows.Streams(whole), cancellation).ConfigureAwait(false);
        if (found.Count > 0 && query is { Tier: null, Opened: null })
            return new FoundStreams(found, []);
        found = kind == StreamKind.Matrix ? await MatricesAsync(query, cancellation).ConfigureAwait(false)
            : kind is null ? await StreamsAsync(
                "id = ANY($1)", EventRows.Streams(StreamKind.All.Select(each => each.Prefix + name)), cancellation).ConfigureAwait(false)
            : [];
        if (found.Count == 0 && query is { Tier: null, Opened: null })
            found = await BeginningsAsync(query, cancellation).ConfigureAwait(false);
        return new FoundStreams(
            found, found.Count > 0 ? [] : await NearestAsync(query, cancellation).ConfigureAwait(false));
    }

    private async Task<IReadOnlyList<FoundStream>> BeginningsAsync(StreamQuery query, CancellationToken cancellation)
    {
        var found = new List<FoundStream>();
        if (query.MatrixId is { } id)
            found.AddRange(await BeginningAsync(StreamKind.Matrix.Prefix + id).ConfigureAwait(false));
        if (query.Kind == StreamKind.Sandbox)
        {
            found.AddRange(await StreamsAsync(
                $"starts_with(id, '{StreamKind.Sandbox.Prefix}') AND right(id, length($1)) = $1",
                EventRows.Stream($"-{query.Name}"),
                cancellation).ConfigureAwait(false));
        }

        if (query.Kind != StreamKind.Matrix)
            found.AddRange(await BeginningAsync(query.Kind?.Prefix + query.Name).ConfigureAwait(false));
        return [.. found.DistinctBy(stream => stream.Name)];

        Task<IReadOnlyList<FoundStream>> BeginningAsync(string text) =>
            StreamsAsync("starts_with(id, $1)", EventRows.Stream(text), cancellation);
    }

    /// <summary>Matrices of a service: its explorations name them.</summary>
    private async Task<IReadOnlyList<FoundStream>> MatricesAsync(StreamQuery query, CancellationToken cancellation)
    {
        var ids = new List<string>();
        await using (var command = new NpgsqlCommand(
            $"""
            SELECT type, data::text FROM {EventRows.Table}
            WHERE stream_id = $1 AND type LIKE 'justrunit.exploration-started.%' ORDER BY version
            """,
            connection))
        {
            command.Parameters.Add(EventRows.Stream(Streams.Explorations(query.Name)));
            await using var reader = await command.ExecuteReaderAsync(cancellation).ConfigureAwait(false);
            while (await reader.ReadAsync(cancellation).ConfigureAwait(false))
            {
                if (Read(reader) is ExplorationStarted started)
                    ids.AddRange(started.Matrices.Select(Streams.Matrix));
            }
        }

        var found = new List<FoundStream>();
        await using var opening = new NpgsqlCommand(
            $"""
            SELECT opened.type, opened.data::text, stream.id, stream.version FROM {Table} AS stream
            JOIN {EventRows.Table} AS opened ON opened.stream_id = stream.id AND opened.version = 1
            WHERE stream.id = ANY($1) ORDER BY opened.seq_id
            """,
            connection);
        opening.Parameters.Add(EventRows.Streams(ids));
        await using var matrices = await opening.ExecuteReaderAsync(cancellation).ConfigureAwait(false);
        while (await matrices.ReadAsync(cancellation).ConfigureAwait(false))
        {
            if (Read(matrices) is MatrixOpened opened
                && query.IsMatrix(opened.Tier, opened.At))
                found.Add(new FoundStream(matrices.GetString(2), Told(opened), matrices.GetInt64(3)));
        }

        return found;
    }

    /// <summary>An event of a row; null where this program cannot read it: the other matrices are found all the same.</summary>
    private static IDomainEvent? Read(NpgsqlDataReader row)
    {
        var (type, body) = (row.GetString(0), row.GetString(1));
        try
        {
            return StoredEvents.Read(type, body);
        }
        catch (Exception x) when (Unreadable.Is(x))
        {
            return null;
        }
    }

    /// <summary>What people call a matrix.</summary>
    private static string Told(MatrixOpened opened) =>
        $"{StreamKind.Matrix.Word} {opened.Service}/{opened.Tier}@{Sentences.At(opened.At)}";

    private async Task<IReadOnlyList<string>> NearestAsync(StreamQuery query, CancellationToken cancellation)
    {
        // Matrices are named by their services.
        var kind = query.Kind == StreamKind.Matrix ? StreamKind.Explorations : query.Kind;
        var names = new List<string>();
        await using var command = new NpgsqlCommand(
            $"SELECT id FROM {Table} WHERE starts_with(id, $1) AND NOT starts_with(id, $2) LIMIT {MostNames}", connection);
        command.Parameters.Add(EventRows.Stream(kind?.Prefix ?? ""));
        command.Parameters.Add(EventRows.Stream(StreamKind.Matrix.Prefix));
        await using var reader = await command.ExecuteReaderAsync(cancellation).ConfigureAwait(false);
        while (await reader.ReadAsync(cancellation).ConfigureAwait(false))
            names.Add(reader.GetString(0));
        if (kind is not null)
        {
            return [.. NearestNames.To(query.Name, names.Select(name => name[kind.Prefix.Length..])).Select(
                name => $"{query.Kind!.Word} {name}")];
        }

        var byRest = names.ToLookup(name => name[(StreamKind.Of(name)?.Prefix.Length ?? 0)..], StreamKind.Describe, StringComparer.Ordinal);
        return [.. NearestNames.To(query.Name, byRest.Select(rest => rest.Key)).SelectMany(rest => byRest[rest]).Take(Most)];
    }

    private async Task<IReadOnlyList<FoundStream>> StreamsAsync(
        string condition, NpgsqlParameter parameter, CancellationToken cancellation)
    {
        var found = new List<FoundStream>();
        await using var command = new NpgsqlCommand(
            $"SELECT id, version FROM {Table} WHERE {condition} ORDER BY id LIMIT {Most + 1}", connection);
        command.Parameters.Add(parameter);
        await using var reader = await command.ExecuteReaderAsync(cancellation).ConfigureAwait(false);
        while (await reader.ReadAsync(cancellation).ConfigureAwait(false))
        {
            var name = reader.GetString(0);
            found.Add(new FoundStream(name, StreamKind.Describe(name), reader.GetInt64(1)));
        }

        return found;
    }
}
