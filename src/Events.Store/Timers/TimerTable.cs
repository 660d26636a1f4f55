using System.Text.Json;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Timers;
using Marten;

namespace JustRunIt.Events.Store.Timers;

/// <summary>Timers as rows: they survive every restart, and are written together with the events they follow from.</summary>
internal static class TimerTable
{
    /// <summary>Creates the table.</summary>
    public const string Ddl =
        $"""
        CREATE TABLE IF NOT EXISTS {StoreSetup.Schema}.timers (
            id uuid PRIMARY KEY,
            due_at timestamptz NOT NULL,
            correlation_id uuid NOT NULL,
            timer jsonb NOT NULL);
        CREATE INDEX IF NOT EXISTS timers_due_at ON {StoreSetup.Schema}.timers (due_at);
        """;

    /// <summary>Adds a timer to the session's transaction; the same timer twice is one.</summary>
    public static void Insert(IDocumentSession session, TimerElapsed timer, Guid correlationId) =>
        session.QueueSqlCommand(
            $"""
            INSERT INTO {StoreSetup.Schema}.timers (id, due_at, correlation_id, timer) VALUES (?, ?, ?, ?::jsonb)
            ON CONFLICT (id) DO NOTHING
            """,
            IdOf(timer),
            timer.DueAt,
            correlationId,
            JsonSerializer.Serialize(timer, Wire.Json));

    private static Guid IdOf(TimerElapsed timer) => DeterministicId.From(timer.Subject, $"{timer.Kind}/{timer.DueAt.UtcTicks}");
}
