using System.Security.Cryptography;
using JustRunIt.Events.Auditing.Seals;
using JustRunIt.Events.Sealing;
using JustRunIt.Events.Store.History;
using Microsoft.Extensions.Logging.Abstractions;

namespace JustRunIt.Events.Store.Tests;

/// <summary>
/// Whatever the owner of a database changes in it is found: by the hashes alone, or, where all of it was made anew, by the checkpoint that
/// the auditor kept.
/// </summary>
public sealed class SealedStoreTests : SealedScene
{
    [Fact]
    public async Task A_store_that_nobody_changed_continues_the_checkpoint_that_was_kept()
    {
        var (findings, auditor) = await AuditAsync(Kept);
        Assert.Empty(findings);
        // The two checkpoints are events themselves; the second is not in a tree yet.
        Assert.Equal((25L, 24L), (auditor.Events, auditor.Sealed));
        Assert.Equal(20, Kept.Size);
        var last = await NoteAsync();
        Assert.Equal(auditor.Now(Log), last.Checkpoint);
        Assert.True(Key.HasSigned(last.Note));
    }

    [Fact]
    public async Task Where_nothing_was_appended_but_a_checkpoint_none_is_signed()
    {
        var before = await NoteAsync();
        await SealAsync();
        await SealAsync();
        Assert.Equal($"{before.Note}", $"{(await NoteAsync()).Note}");
        Assert.Equal(2, await Scene.CountAsync($"SELECT version FROM justrunit.mt_streams WHERE id = 'seal-{Log}'"));
        Assert.Empty((await AuditAsync(Kept)).Findings);
    }

    [Theory]
    [InlineData("UPDATE {0} SET data = data || '{{\"detail\": \"changed\"}}' WHERE seq_id = 7", SealBreak.Changed, 7)]
    [InlineData("UPDATE {0} SET headers = '{{\"decision\": 1}}' WHERE seq_id = 7", SealBreak.Changed, 7)]
    [InlineData("UPDATE {0} SET timestamp = timestamp + interval '1 microsecond' WHERE seq_id = 7", SealBreak.Changed, 7)]
    [InlineData("UPDATE {0} SET causation_id = gen_random_uuid()::text WHERE seq_id = 7", SealBreak.Changed, 7)]
    [InlineData("UPDATE {0} SET type = 'justrunit.other.v1' WHERE seq_id = 7", SealBreak.Changed, 7)]
    [InlineData("UPDATE {0} SET id = gen_random_uuid() WHERE seq_id = 7", SealBreak.Changed, 7)]
    [InlineData("DELETE FROM {0} WHERE seq_id = 7", SealBreak.Removed, 7)]
    [InlineData("DELETE FROM {0} WHERE seq_id = 7; DELETE FROM {1} WHERE seq_id = 7", SealBreak.Removed, 7)]
    [InlineData("DELETE FROM {1} WHERE seq_id = 7", SealBreak.Unhashed, 7)]
    [InlineData("UPDATE {1} SET canonical = canonical || ' ' WHERE seq_id = 7", SealBreak.WrongHash, 7)]
    [InlineData("UPDATE {1} SET hash = sha256('x') WHERE seq_id = 7", SealBreak.WrongHash, 7)]
    [InlineData("DELETE FROM {0} WHERE seq_id >= 24; DELETE FROM {1} WHERE seq_id >= 24", SealBreak.Removed, 24)]
    [InlineData("DELETE FROM {2} WHERE leaf = 6", SealBreak.Unsealed, 7)]
    [InlineData(
        "UPDATE {2} SET seq_id = -seq_id WHERE leaf IN (6, 7); UPDATE {2} SET seq_id = 15 + seq_id WHERE seq_id < 0",
        SealBreak.Unsealed, 7)]
    [InlineData("UPDATE {0} SET stream_id = (SELECT stream_id FROM {0} WHERE seq_id = 1), version = 6 WHERE seq_id = 7",
        SealBreak.Changed, 7)]
    public async Task What_was_changed_is_found_at_its_place(string sql, SealBreak how, long sequence)
    {
        await ChangeAsync(sql);
        var (findings, _) = await AuditAsync();
        Assert.Equal((how, sequence), (findings[0].Break, findings[0].Sequence));
        Assert.NotEmpty(findings[0].Detail);
    }

    [Fact]
    public async Task An_event_that_was_put_between_others_past_the_append_is_found()
    {
        await ChangeAsync(
            """
            ALTER TABLE {0} DISABLE TRIGGER USER;
            INSERT INTO {0} SELECT (jsonb_populate_record(e, jsonb_build_object(
                'seq_id', 1000, 'id', gen_random_uuid(), 'version', 6))).* FROM {0} AS e WHERE seq_id = 5;
            ALTER TABLE {0} ENABLE TRIGGER USER
            """);
        var (findings, _) = await AuditAsync();
        Assert.Equal((SealBreak.Unhashed, 1000L), (findings[0].Break, findings[0].Sequence));
    }

    /// <summary>The event and its hash are changed together, and all hashes that follow: the tree's root is another then.</summary>
    [Fact]
    public async Task An_event_that_was_changed_with_all_hashes_is_found_by_the_checkpoints()
    {
        await ChangeAsync("UPDATE {0} SET data = data || '{{\"detail\": \"changed\"}}' WHERE seq_id = 7;" + Rehashed);
        var (findings, _) = await AuditAsync(Kept);
        Assert.All(findings, finding => Assert.Equal(SealBreak.OtherRoot, finding.Break));
        Assert.NotEmpty(findings);
    }

    [Fact]
    public async Task A_stream_that_was_removed_whole_is_found()
    {
        await ChangeAsync(
            """
            CREATE TEMPORARY TABLE gone AS SELECT seq_id FROM {0} WHERE stream_id = (SELECT stream_id FROM {0} WHERE seq_id = 6);
            DELETE FROM {0} WHERE seq_id IN (SELECT seq_id FROM gone);
            DELETE FROM {1} WHERE seq_id IN (SELECT seq_id FROM gone)
            """);
        var (findings, auditor) = await AuditAsync(Kept);
        Assert.Equal(5, findings.Count(finding => finding.Break == SealBreak.Removed));
        Assert.Null(auditor.Now(Log));
    }

    /// <summary>Everything is as it would be without the stream; only who kept a checkpoint knows better.</summary>
    [Fact]
    public async Task A_store_that_was_made_anew_without_a_stream_is_found_by_the_checkpoint_alone()
    {
        await ChangeAsync(
            """
            DELETE FROM {0} WHERE stream_id = (SELECT stream_id FROM {0} WHERE seq_id = 6) OR stream_id LIKE 'seal-%';
            DELETE FROM justrunit.mt_streams WHERE id LIKE 'seal-%';
            DELETE FROM {2};
            UPDATE justrunit.tree SET size = 0, last_seq = 0, parts = ARRAY[]::bytea[];
            """ + Rehashed);
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        await SealAsync(other);
        Assert.Empty((await AuditAsync()).Findings);
        Assert.Contains((await AuditAsync(Kept)).Findings, finding => finding.Break is SealBreak.OtherRoot or SealBreak.CutOff);
    }

    [Fact]
    public async Task A_store_that_was_set_back_to_an_earlier_copy_is_found_by_the_checkpoint_alone()
    {
        var last = (await NoteAsync()).Checkpoint;
        await ChangeAsync(
            """
            DELETE FROM {0} WHERE seq_id > 20;
            DELETE FROM {1} WHERE seq_id > 20;
            DELETE FROM {2} WHERE leaf >= 20;
            """);
        Assert.Empty((await AuditAsync()).Findings);
        Assert.Empty((await AuditAsync(Kept)).Findings);
        Assert.Equal(SealBreak.CutOff, Assert.Single((await AuditAsync(last)).Findings).Break);
    }

    [Fact]
    public async Task Events_that_are_older_than_hashes_get_theirs_when_the_schema_is_made()
    {
        await ChangeAsync(
            """
            DROP TRIGGER chain_event ON {0};
            DROP TABLE {1}, {2}, justrunit.tree
            """);
        await new SchemaSetup(Scene.Marten, Scene.DataSource, [], NullLogger<SchemaSetup>.Instance).StartAsync(CancellationToken.None);
        await Scene.AppendAsync(Guid.NewGuid(), 2);
        var (findings, auditor) = await AuditAsync();
        // Of the checkpoints that stand on the streams there is no tree any more.
        Assert.All(findings, finding => Assert.Equal(SealBreak.CutOff, finding.Break));
        Assert.Equal(27, auditor.Events);
    }

    [Fact]
    public async Task Some_streams_are_looked_at_alone()
    {
        var streams = new[] { await StreamOfAsync(6) };
        Assert.Empty(await AuditAsync(streams));
        await ChangeAsync("UPDATE {0} SET data = '{{}}' WHERE seq_id = 7");
        Assert.Equal(SealBreak.Changed, Assert.Single(await AuditAsync(streams)).Break);
        await ChangeAsync("DELETE FROM {0} WHERE seq_id = 7");
        Assert.Contains(await AuditAsync(streams), finding => finding.Break == SealBreak.BrokenStream);
    }

    [Fact]
    public async Task A_number_that_nobody_drew_ends_no_audit()
    {
        await ChangeAsync("INSERT INTO {2} VALUES (24, 9223372036854775807)");
        var (findings, _) = await AuditAsync();
        Assert.Contains(findings, finding => finding is { Break: SealBreak.Removed, Sequence: long.MaxValue });
    }

    private async Task<(List<SealFinding> Findings, SealAuditor Auditor)> AuditAsync(params Checkpoint[] own)
    {
        await using var snapshot = await StoreSnapshot.OpenAsync(Scene.Connections.Postgres, CancellationToken.None);
        var seals = (await snapshot.SealsAsync(CancellationToken.None))!;
        var stored = (await seals.CheckpointsAsync(CancellationToken.None)).Select(each => new Checkpoint(each.Log, each.Size, each.Root));
        var auditor = new SealAuditor([.. own, .. stored]);
        var findings = new List<SealFinding>();
        await foreach (var row in seals.AllAsync(CancellationToken.None))
            findings.AddRange(auditor.Add(row));
        findings.AddRange(auditor.End());
        return (findings, auditor);
    }

    private async Task<List<SealFinding>> AuditAsync(string[] streams)
    {
        await using var snapshot = await StoreSnapshot.OpenAsync(Scene.Connections.Postgres, CancellationToken.None);
        var seals = (await snapshot.SealsAsync(CancellationToken.None))!;
        var auditor = SealAuditor.OfStreams();
        var findings = new List<SealFinding>();
        await foreach (var row in seals.OfAsync(streams, CancellationToken.None))
            findings.AddRange(auditor.Add(row));
        return findings;
    }
}
