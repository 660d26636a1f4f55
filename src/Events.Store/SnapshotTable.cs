using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Schema;
using System.Text.Json.Serialization.Metadata;
using JustRunIt.Events.Deciding;
using JustRunIt.Events.Messaging;
using Marten;

namespace JustRunIt.Events.Store;

/// <summary>
/// States of streams as of some version, each a shortcut that may be deleted at any time. One whose shape is not that of the
/// program's state, or which was folded by older rules, is passed over and taken anew.
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
        """;

    private static readonly JsonSerializerOptions Options = new(Wire.Json) { TypeInfoResolver = new DefaultJsonTypeInfoResolver() };

    /// <summary>Changes with the shape of the state, and with the rules by which it is folded.</summary>
    public static string FormatOf<TState>()
        where TState : IState<TState> => Format<TState>.Value;

    public static TState Read<TState>(string json) => JsonSerializer.Deserialize<TState>(json, Options)!;

    /// <summary>Takes a snapshot in the session's transaction; an older one never replaces a newer one of the same format.</summary>
    public static void Take<TState>(IDocumentSession session, string stream, Versioned<TState> read)
        where TState : class, IState<TState> =>
        session.QueueSqlCommand(
            $"""
            INSERT INTO {Name} AS taken (stream, kind, format, version, state) VALUES (?, ?, ?, ?, ?::jsonb)
            ON CONFLICT (stream, kind) DO UPDATE SET format = excluded.format, version = excluded.version, state = excluded.state
            WHERE taken.format <> excluded.format OR taken.version < excluded.version
            """,
            stream,
            typeof(TState).Name,
            FormatOf<TState>(),
            read.Version,
            JsonSerializer.Serialize(read.State, Options));

    private static class Format<TState>
        where TState : IState<TState>
    {
        public static readonly string Value = Convert.ToHexString(SHA256.HashData(
            Encoding.UTF8.GetBytes($"{TState.Fold}\n{Options.GetJsonSchemaAsNode(typeof(TState)).ToJsonString()}")))[..16];
    }
}
