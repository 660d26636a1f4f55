using JustRunIt.Events.Auditing;
using JustRunIt.Events.Deciding;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Store.History;
using Marten;
using Npgsql;

namespace JustRunIt.Events.Store.Tests;

/// <summary>
/// What the services' runner has stored is decided again to the same bytes; whatever an owner of the database changes, adds or takes away
/// is found at its place.
/// </summary>
[Collection(nameof(RehearsedStore))]
public sealed class AuditedStoreTests(RehearsedStore rehearsed) : IAsyncLifetime
{
    private const string Events = "justrunit.mt_events";
    private readonly Scene scene = rehearsed.Scene;
    private readonly int stated = rehearsed.Stated;

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => rehearsed.RestoreAsync();

    [Fact]
    public async Task A_store_that_every_decider_has_written_to_audits_clean()
    {
        var findings = await AuditAsync();
        Assert.All(findings, finding => Assert.True(finding.Verdict == Verdict.Same, Told(finding)));
        Assert.Equal(await scene.CountAsync($"SELECT count(*) FROM {Events}"), findings.Count);
        Assert.Equal(stated, findings.Count);
        Assert.Equal(
            findings.Count, await scene.CountAsync($"SELECT count(*) FROM {Events} WHERE jsonb_exists(headers->'decision', 'folds')"));
    }

    [Fact]
    public async Task An_audit_of_some_streams_or_of_the_latest_events_is_clean_too()
    {
        var stream = (string)(await scene.ScalarAsync(
            $"SELECT stream_id FROM {Events} WHERE stream_id LIKE 'matrix-%' ORDER BY seq_id LIMIT 1"))!;
        var ofOne = await AuditAsync([stream]);
        Assert.All(ofOne, finding => Assert.True(finding.Verdict == Verdict.Same, Told(finding)));
        Assert.True(ofOne.Count >= await scene.CountAsync($"SELECT count(*) FROM {Events} WHERE stream_id = '{stream}'"));

        await scene.ScalarAsync($"UPDATE {Events} SET timestamp = timestamp - interval '1 hour' WHERE seq_id <= 30");
        await using var snapshot = await StoreSnapshot.OpenAsync(scene.Connections.Postgres, CancellationToken.None);
        var first = await snapshot.FirstSequenceAsync(DateTimeOffset.UtcNow.AddMinutes(-30), CancellationToken.None);
        Assert.Equal(await scene.CountAsync($"SELECT min(seq_id) FROM {Events} WHERE seq_id > 30"), first);
        Assert.Equal(
            long.MaxValue, await snapshot.FirstSequenceAsync(DateTimeOffset.UtcNow.AddHours(1), CancellationToken.None));
        var latest = await AuditAsync(snapshot, first, null);
        Assert.All(latest, finding => Assert.True(finding.Verdict == Verdict.Same, Told(finding)));
    }

    [Fact]
    public async Task A_body_that_was_changed_is_found_with_both_values()
    {
        var sequence = await scene.CountAsync($"SELECT seq_id FROM {Events} WHERE type = 'justrunit.experiment-started.v2' LIMIT 1");
        await scene.ScalarAsync($"UPDATE {Events} SET data = jsonb_set(data, '{{cloneName}}', '\"changed\"') WHERE seq_id = {sequence}");
        var first = await FirstAsync();
        Assert.Equal((Verdict.Different, sequence), (first.Verdict, first.Sequence));
        var difference = Assert.Single(first.Differences);
        Assert.Equal(("body.cloneName", "\"changed\""), (difference.Path, difference.Recorded));
        Assert.NotNull(difference.Decided);
    }

    [Fact]
    public async Task A_header_that_was_changed_or_taken_away_is_found()
    {
        var sequence = await scene.CountAsync($"SELECT max(seq_id) FROM {Events} WHERE stream_id LIKE 'datacenter-%'");
        await scene.ScalarAsync($"UPDATE {Events} SET correlation_id = gen_random_uuid()::text WHERE seq_id = {sequence}");
        var first = await FirstAsync();
        Assert.Equal((sequence, "headers.correlationId"), (first.Sequence, Assert.Single(first.Differences).Path));

        await scene.ScalarAsync($"UPDATE {Events} SET headers = NULL WHERE seq_id = {sequence}");
        var without = await FirstAsync();
        Assert.Equal((Verdict.Different, sequence), (without.Verdict, without.Sequence));
    }

    [Fact]
    public async Task An_event_that_was_taken_away_or_added_is_found()
    {
        const string stream = "service-shop";
        var version = await scene.CountAsync($"SELECT max(version) FROM {Events} WHERE stream_id = '{stream}'");
        await scene.ScalarAsync(
            $"""
            INSERT INTO {Events} (seq_id, id, stream_id, version, data, type, timestamp, tenant_id, causation_id, correlation_id, headers,
                mt_dotnet_type, is_archived)
                SELECT nextval('justrunit.mt_events_sequence'), gen_random_uuid(), stream_id, version + 1, data, type, timestamp, tenant_id,
                    causation_id, correlation_id, headers, mt_dotnet_type, is_archived
                FROM {Events} WHERE stream_id = '{stream}' AND version = {version}
            """);
        var added = await FirstAsync();
        Assert.Equal((Verdict.Different, stream, version + 1), (added.Verdict, added.Stream, added.Version));

        await scene.ScalarAsync($"DELETE FROM {Events} WHERE stream_id = '{stream}' AND version IN (1, {version + 1})");
        var missing = await FirstAsync();
        Assert.Equal(Verdict.Different, missing.Verdict);
        Assert.Contains($"{stream} lacks event 1", missing.Detail);
    }

    [Fact]
    public async Task Of_events_of_older_programs_and_of_rules_that_are_gone_nobody_can_say()
    {
        await scene.AppendRawAsync("service-old", Samples.OfFirstProgram["service-calculator"]);
        await scene.AppendAsync(Guid.NewGuid(), 2);
        var tally = new AuditTally();
        foreach (var finding in await AuditAsync())
            tally.Add(finding);
        Assert.Equal((stated, 0), (tally.Same, tally.Different));
        Assert.Equal(2, tally.Reasons[WhyNotCheckable.RuleGone].Count);
        Assert.StartsWith("rule 1 of appending is gone", tally.Reasons[WhyNotCheckable.RuleGone].First.Detail);
        Assert.True(tally.Reasons[WhyNotCheckable.OlderThanRecords].Count > 0);
    }

    [Fact]
    public async Task An_audit_sees_the_store_as_it_was_when_it_began_and_can_change_nothing()
    {
        await using var snapshot = await StoreSnapshot.OpenAsync(scene.Connections.Postgres, CancellationToken.None);
        var last = await snapshot.LastSequenceAsync(CancellationToken.None);
        await scene.AppendAsync(Guid.NewGuid(), 3);
        Assert.Equal(last, await snapshot.LastSequenceAsync(CancellationToken.None));
        Assert.Equal(stated, (await AuditAsync(snapshot, 0, null)).Count);
    }

    [Fact]
    public async Task An_audit_may_stand_still_for_longer_than_the_server_lets_others()
    {
        var impatient = new NpgsqlConnectionStringBuilder(scene.Connections.Postgres)
        {
            Options = "-c idle_in_transaction_session_timeout=200",
        };
        await using var snapshot = await StoreSnapshot.OpenAsync(impatient.ConnectionString, CancellationToken.None);
        await Task.Delay(TimeSpan.FromSeconds(1));
        Assert.Equal(stated, (await AuditAsync(snapshot, 0, null)).Count);
    }

    private static string Told(Finding finding) =>
        $"{finding.Sequence} {finding.Stream} {finding.Version} {finding.WireName}: {finding.Verdict} {finding.Why} {finding.Detail}\n"
        + $"{finding.Recorded}\n{finding.Decided}";

    private async Task<Finding> FirstAsync() => (await AuditAsync()).First(finding => finding.Verdict != Verdict.Same);

    private async Task<List<Finding>> AuditAsync(IReadOnlyCollection<string>? streams = null)
    {
        await using var snapshot = await StoreSnapshot.OpenAsync(scene.Connections.Postgres, CancellationToken.None);
        return await AuditAsync(snapshot, 0, streams);
    }

    private static async Task<List<Finding>> AuditAsync(StoreSnapshot snapshot, long from, IReadOnlyCollection<string>? streams)
    {
        var findings = new List<Finding>();
        var events = snapshot.EventsAsync(from, streams, CancellationToken.None);
        await foreach (var finding in new Auditor(Rules.OfThisProgram, snapshot).AuditAsync(events, CancellationToken.None))
            findings.Add(finding);
        return findings;
    }
}
