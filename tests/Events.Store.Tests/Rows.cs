namespace JustRunIt.Events.Store.Tests;

/// <summary>Makes streams long without deciding anything.</summary>
internal static class Rows
{
    /// <summary>Fills a stream with events of which each names another cause.</summary>
    public static Task FillAsync(Scene scene, string stream, int count, string type = "justrunit.sandbox-awaited.v1", string? json = null)
    {
        json ??= """{"matrixId":"00000000-0000-0000-0000-000000000001","machine":"m","heldBy":"x","retryAt":"2020-01-01T00:00:00+00:00"}""";
        return scene.ScalarAsync(
            $"""
            INSERT INTO justrunit.mt_streams (id, version, timestamp, created, tenant_id, is_archived)
                VALUES ('{stream}', {count}, now(), now(), '*DEFAULT*', false);
            INSERT INTO justrunit.mt_events
                (seq_id, id, stream_id, version, data, type, timestamp, tenant_id, causation_id, correlation_id, headers, is_archived)
                SELECT nextval('justrunit.mt_events_sequence'), gen_random_uuid(), '{stream}', i, '{json}'::jsonb,
                    '{type}', now(), '*DEFAULT*', gen_random_uuid()::text, gen_random_uuid()::text,
                    jsonb_build_object('decision', jsonb_build_object('decider', 'sla')), false
                FROM generate_series(1, {count}) AS i ORDER BY i;
            ANALYZE justrunit.mt_events;
            """);
    }
}
