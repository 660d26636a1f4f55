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
        DO $body$ BEGIN
            IF NOT EXISTS (SELECT FROM pg_attribute
                WHERE attrelid = '{StoreSetup.Schema}.timers'::regclass AND attname = 'causation_id') THEN
                ALTER TABLE {StoreSetup.Schema}.timers ADD COLUMN causation_id uuid;
            END IF;
        END $body$;
        CREATE INDEX IF NOT EXISTS timers_due_at ON {StoreSetup.Schema}.timers (due_at);
        """;

    /// <summary>Adds a timer to the session's transaction; the same timer twice is one.</summary>
    /// <param name="session">The session.</param>
    /// <param name="timer">The timer.</param>
    /// <param name="correlationId">Correlation of the event that it follows from.</param>
    /// <param name="causationId">That event.</param>
    public static void Insert(IDocumentSession session, TimerElapsed timer, Guid correlationId, Guid causationId) =>
        session.QueueSqlCommand(
            $"""
            INSERT INTO {StoreSetup.Schema}.timers (id, due_at, correlation_id, causation_id, timer)
            VALUES (?, ?, ?, ?, ?::jsonb)
            ON CONFLICT (id) DO NOTHING
            """,
            IdOf(timer),
            timer.DueAt,
            correlationId,
            causationId,
            JsonSerializer.Serialize(timer, Wire.Json));

    private static Guid IdOf(TimerElapsed timer) => DeterministicId.From(timer.Subject, $"{timer.Kind}/{timer.DueAt.UtcTicks}");
}
