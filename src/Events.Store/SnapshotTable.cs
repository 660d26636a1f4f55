using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Schema;
using System.Text.Json.Serialization.Metadata;
using JustRunIt.Events.Deciding;
using JustRunIt.Events.Messaging;
using Marten;
using Npgsql;
using NpgsqlTypes;

namespace JustRunIt.Events.Store;

/// <summary>
/// States of streams as of some version, each a shortcut that may be deleted at any time. Each service takes and reads its own: what one
/// has folded is no other's to believe. One whose shape is not that of the program's state, or which was folded by older rules, is passed
/// over and taken anew.
/// </summary>
internal static class SnapshotTable
{
    public const string Name = $"{StoreSetup.Schema}.snapshots";

    public const string Ddl =
        $"""
        CREATE TABLE IF NOT EXISTS {Name} (
            stream text NOT NULL,
            kind text NOT NULL,
            format text NOT NULL,
            version bigint NOT NULL,
            state jsonb NOT NULL,
            PRIMARY KEY (stream, kind));
        -- Those that older programs took without saying who.
        DELETE FROM {Name} WHERE strpos(kind, '/') = 0;
        """;

    private const string Query = $"SELECT version, state::text FROM {Name} WHERE stream = $1 AND kind = $2 AND format = $3";

    private static readonly JsonSerializerOptions Plain = new(Wire.Json) { TypeInfoResolver = new DefaultJsonTypeInfoResolver() };

    private static readonly JsonSerializerOptions Options = new(Plain) { Converters = { new OrdinalDictionaries() } };

    /// <summary>Changes with the shape of the state, and with the rules by which it is folded.</summary>
    public static string FormatOf<TState>()
        where TState : IState<TState> => Format<TState>.Value;

    /// <summary>The last snapshot of a stream; null when there is none that this program can use.</summary>
    public static async Task<Versioned<TState>?> ReadAsync<TState>(
        NpgsqlConnection connection, string service, string stream, CancellationToken cancellation)
        where TState : class, IState<TState>
    {
        await using var command = new NpgsqlCommand(Query, connection);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = stream, NpgsqlDbType = NpgsqlDbType.Text });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = KindOf<TState>(service), NpgsqlDbType = NpgsqlDbType.Text });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = FormatOf<TState>(), NpgsqlDbType = NpgsqlDbType.Text });
        await using var reader = await command.ExecuteReaderAsync(cancellation).ConfigureAwait(false);
        return await reader.ReadAsync(cancellation).ConfigureAwait(false)
            ? new Versioned<TState>(Read<TState>(reader.GetString(1)), reader.GetInt64(0))
            : null;
    }

    /// <summary>A state as it stands in a snapshot.</summary>
    public static string Write<TState>(TState state) => JsonSerializer.Serialize(state, Options);

    /// <summary>A state that stands in a snapshot.</summary>
    public static TState Read<TState>(string json) => JsonSerializer.Deserialize<TState>(json, Options)!;

    /// <summary>Takes a snapshot in the session's transaction; an older one never replaces a newer one of the same format.</summary>
    public static void Take<TState>(IDocumentSession session, string service, string stream, Versioned<TState> read)
        where TState : class, IState<TState> =>
        session.QueueSqlCommand(
            $"""
            INSERT INTO {Name} AS taken (stream, kind, format, version, state) VALUES (?, ?, ?, ?, ?::jsonb)
            ON CONFLICT (stream, kind) DO UPDATE SET format = excluded.format, version = excluded.version, state = excluded.state
            WHERE taken.format <> excluded.format OR taken.version < excluded.version
            """,
            stream,
            KindOf<TState>(service),
            FormatOf<TState>(),
            read.Version,
            Write(read.State));

    /// <summary>Whose it is, and of which state.</summary>
    private static string KindOf<TState>(string service) => $"{service}/{typeof(TState).Name}";

    private static class Format<TState>
        where TState : IState<TState>
    {
        public static readonly string Value = Convert.ToHexString(SHA256.HashData(
            Encoding.UTF8.GetBytes($"{TState.Fold}\n{Plain.GetJsonSchemaAsNode(typeof(TState)).ToJsonString()}")))[..16];
    }
}
