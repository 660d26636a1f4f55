using System.Text.Json;
using System.Text.Json.Nodes;
using JustRunIt.Events.Auditing;
using JustRunIt.Events.Deciding;
using JustRunIt.Events.Matrices;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Placement;
using JustRunIt.Events.Settings;
using JustRunIt.Events.Sla;

namespace JustRunIt.Events.Tests;

/// <summary>
/// Every decision of the whole loop is made again from its record, and gives the same bytes; whatever was changed, in a rule or in a
/// store, is found at its place, and what cannot be checked says why.
/// </summary>
public sealed class AuditTests
{
    private const int Seeds = 6;

    private static readonly Lazy<IReadOnlyList<PastStreams>> Past =
        new(() => [.. Enumerable.Range(0, Seeds).Select(seed => PastStreams.Of(seed))]);

    public static TheoryData<string> Names => [.. Deciders.All.Select(decider => decider.Name)];

    [Fact]
    public async Task Every_decision_of_every_decider_is_the_same_again()
    {
        var audited = new HashSet<string>();
        foreach (var past in Past.Value)
        {
            var findings = await past.AuditAsync();
            Assert.Equal(past.Events.Count, findings.Count);
            Assert.All(findings, finding => Assert.True(finding.Verdict == Verdict.Same, Told(finding)));
            audited.UnionWith(findings.Select(finding => finding.Decider!));
        }

        Assert.Equal(Deciders.All.Select(decider => decider.Name), audited.Order(StringComparer.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_rule_that_decides_otherwise_is_found_at_its_event(string name)
    {
        var rule = Deciders.All.Single(decider => decider.Name == name);
        var past = Past.Value.First(past => past.Events.Any(e => RecordOf(e).Decider == name));
        var decided = past.Events.Where(e => RecordOf(e).Decider == name).ToList();
        // One in the middle of its history, and of that decision the last event.
        var message = RecordOf(decided[decided.Count / 2]).Message.Id;
        var last = past.Events.Last(e => RecordOf(e).Message.Id == message && RecordOf(e).Decider == name);
        var (changed, path) = ChangedRule.Change(last.Read());

        var findings = await past.AuditAsync(new Rules(ChangedRule.Among(rule, message)));

        var different = Assert.Single(findings, finding => finding.Verdict != Verdict.Same);
        Assert.Equal((Verdict.Different, last.Stream, last.Version), (different.Verdict, different.Stream, different.Version));
        Assert.Equal((last.Sequence, name, rule.Version), (different.Sequence, different.Decider, different.Rule));
        // An event that says by itself what it belongs to may belong elsewhere then.
        var elsewhere = last.Read() is ICorrelated own && own.CorrelationId != ((ICorrelated)changed).CorrelationId;
        Assert.Equal(elsewhere ? [path, "headers.correlationId"] : [path], different.Differences.Select(difference => difference.Path));
        Assert.Equal(last.Body, different.Recorded);
        Assert.Equal(JsonSerializer.Serialize(changed, changed.GetType(), Wire.Json), different.Decided);
    }

    [Fact]
    public async Task A_changed_body_is_found_with_both_values()
    {
        var past = PastStreams.With<AllocationDecided>();
        var index = past.Events.FindIndex(e => e.WireName == Wire.NameOf(typeof(AllocationDecided)));
        var (e, body) = (past.Events[index], JsonNode.Parse(past.Events[index].Body)!);
        var before = body["slack"]!.ToJsonString();
        body["slack"] = 0.9;
        past.Events[index] = e with { Body = body.ToJsonString() };

        var first = (await past.AuditAsync()).First(finding => finding.Verdict != Verdict.Same);

        Assert.Equal((Verdict.Different, e.Sequence, e.Stream, e.Version), (first.Verdict, first.Sequence, first.Stream, first.Version));
        Assert.Equal(new Difference("body.slack", "0.9", before), Assert.Single(first.Differences));
        Assert.Contains("body.slack", first.Detail);
    }

    [Fact]
    public async Task What_a_store_spells_otherwise_is_the_same_and_a_field_more_is_not()
    {
        var past = PastStreams.Of(1);
        for (var i = 0; i < past.Events.Count; i++)
        {
            var fields = JsonNode.Parse(past.Events[i].Body)!.AsObject().Reverse().Select(field => KeyValuePair.Create(
                field.Key, field.Value?.DeepClone()));
            past.Events[i] = past.Events[i] with { Body = new JsonObject(fields).ToJsonString() };
        }

        Assert.All(await past.AuditAsync(), finding => Assert.Equal(Verdict.Same, finding.Verdict));
        var body = JsonNode.Parse(past.Events[20].Body)!.AsObject();
        body["added"] = true;
        past.Events[20] = past.Events[20] with { Body = body.ToJsonString() };
        var different = Assert.Single(await past.AuditAsync(), finding => finding.Verdict != Verdict.Same);
        Assert.Equal((21, new Difference("body.added", "true", null)), (different.Sequence, Assert.Single(different.Differences)));
    }

    [Fact]
    public async Task A_changed_cause_or_correlation_is_found()
    {
        var past = PastStreams.Of(1);
        var (cause, correlation) = (past.Events[30].CausationId, past.Events[31].CorrelationId);
        past.Events[30] = past.Events[30] with { CausationId = Guid.Empty.ToString() };
        past.Events[31] = past.Events[31] with { CorrelationId = null };
        var different = (await past.AuditAsync()).Where(finding => finding.Verdict != Verdict.Same).ToList();
        Assert.Equal(
            [
                (31, new Difference("headers.causationId", $"\"{Guid.Empty}\"", $"\"{cause}\"")),
                (32, new Difference("headers.correlationId", null, $"\"{correlation}\"")),
            ],
            different.Select(finding => (finding.Sequence, Assert.Single(finding.Differences))));
    }

    [Fact]
    public async Task A_violation_and_its_end_bear_a_correlation_of_their_own()
    {
        var past = PastStreams.With<SlaRestored>();
        foreach (var name in new[] { Wire.NameOf(typeof(SlaViolated)), Wire.NameOf(typeof(SlaRestored)) })
        {
            var index = past.Events.FindIndex(e => e.WireName == name);
            var (e, message) = (past.Events[index], RecordOf(past.Events[index]).Message);
            Assert.Equal(((ICorrelated)e.Read()).CorrelationId.ToString(), e.CorrelationId);
            Assert.NotEqual(message.CorrelationId.ToString(), e.CorrelationId);
            Assert.Equal(Verdict.Same, Assert.Single(await past.AuditAsync(which: one => one == e)).Verdict);
            // What a record's message has is not what such an event bears.
            past.Events[index] = e with { CorrelationId = message.CorrelationId.ToString() };
            var found = Assert.Single(await past.AuditAsync(which: one => one.Sequence == e.Sequence));
            Assert.Equal("headers.correlationId", Assert.Single(found.Differences).Path);
            past.Events[index] = e;
        }
    }

    [Theory]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("no JSON")]
    public async Task Whatever_a_body_was_changed_to_the_audit_goes_on_to_the_end(string body)
    {
        foreach (var kind in new[] { "datacenter-", "service-", "matrix-", "explorations-", "sandbox-", "policy-" })
        {
            var past = PastStreams.Of(1);
            var index = past.Events.FindIndex(e => e.Stream.StartsWith(kind, StringComparison.Ordinal));
            past.Events[index] = past.Events[index] with { Body = body };
            var all = await past.AuditAsync();
            Assert.Equal(past.Events.Count, all.Count);
            Assert.NotEqual(Verdict.Same, all[index].Verdict);
            Assert.Contains(all, finding => finding.Verdict == Verdict.Same);
        }
    }

    [Fact]
    public async Task What_is_no_JSON_is_unreadable_and_so_is_a_record_of_which_another_event_has_none()
    {
        var past = PastStreams.Of(1);
        past.Events[20] = past.Events[20] with { Body = "{" };
        var found = (await past.AuditAsync()).First(finding => finding.Sequence == 21);
        Assert.Equal((Verdict.NotCheckable, WhyNotCheckable.Unreadable), (found.Verdict, found.Why));

        past = PastStreams.Of(1);
        var index = past.Events.FindIndex(e => past.Events.Any(other => other.Decision == e.Decision && other.Sequence < e.Sequence));
        past.Events[index] = past.Events[index] with { Decision = "{" };
        found = (await past.AuditAsync()).First(finding => finding.Sequence == index + 1);
        Assert.Equal((Verdict.NotCheckable, WhyNotCheckable.Unreadable), (found.Verdict, found.Why));
    }

    [Fact]
    public async Task A_rule_that_fails_in_any_way_is_a_difference()
    {
        Exception[] failures = [new FormatException("no"), new NotSupportedException("no"), new KeyNotFoundException("no")];
        foreach (var failure in failures)
        {
            var found = Assert.Single(await Deferred(hasDefaults: true).AuditAsync(new Rules([new Failing(failure)])));
            Assert.Equal(Verdict.Different, found.Verdict);
            Assert.Equal($"the rule fails over what was recorded: {failure.GetType().Name}: no", found.Detail);
        }
    }

    [Fact]
    public async Task A_rule_that_by_other_defaults_reads_something_else_or_fails_has_lost_its_defaults()
    {
        foreach (var rule in new IDecider[] { new Failing(new KeyNotFoundException("no")), new Straying() })
        {
            var found = Assert.Single(await Deferred(hasDefaults: false).AuditAsync(new Rules([rule])));
            Assert.Equal((Verdict.NotCheckable, WhyNotCheckable.DefaultsGone), (found.Verdict, found.Why));
            found = Assert.Single(await Deferred(hasDefaults: true).AuditAsync(new Rules([rule])));
            Assert.Equal(Verdict.Different, found.Verdict);
        }
    }

    [Fact]
    public async Task A_clock_that_was_changed_in_the_record_is_found_in_what_follows_from_it()
    {
        var past = PastStreams.With<AllocationDecided>();
        var index = past.Events.FindIndex(e => e.WireName == Wire.NameOf(typeof(AllocationDecided)));
        ChangeRecord(past, index, record => record with { At = record.At.AddSeconds(1) });
        var first = (await past.AuditAsync()).First(finding => finding.Verdict != Verdict.Same);
        Assert.Equal((Verdict.Different, index + 1), (first.Verdict, (int)first.Sequence));
        Assert.Contains("body.at", first.Differences.Select(difference => difference.Path));
    }

    [Fact]
    public async Task An_event_that_is_missing_from_its_decision_is_found()
    {
        var past = PastStreams.Of(1);
        // The last of a decision with several, and of its stream: no later decision could miss it.
        var missing = past.Events.Last(e => past.Events.Count(other => other.Decision == e.Decision) > 1
            && past.Events.Any(other => other.Decision == e.Decision && other.Sequence < e.Sequence)
            && past.Events.Where(other => other.Stream == e.Stream).Max(other => other.Version) == e.Version);
        past.Events.Remove(missing);
        var found = Assert.Single(await past.AuditAsync(), finding => finding.Verdict != Verdict.Same);
        Assert.Equal(
            (Verdict.Different, missing.Stream, missing.Version, missing.WireName),
            (found.Verdict, found.Stream, found.Version, found.WireName));
        Assert.StartsWith("missing: ", found.Detail);
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(missing.Body), JsonNode.Parse(found.Decided!)));
    }

    [Fact]
    public async Task An_event_that_is_missing_from_a_stream_is_found_where_somebody_had_read_it()
    {
        var past = PastStreams.Of(1);
        var missing = past.Events.First(e => e.Version == 2 && e.Stream.StartsWith("datacenter-", StringComparison.Ordinal));
        past.Events.Remove(missing);
        var first = (await past.AuditAsync()).First(finding => finding.Verdict != Verdict.Same);
        Assert.Equal(Verdict.Different, first.Verdict);
        Assert.Contains($"{missing.Stream} lacks event 2", first.Detail);
    }

    [Fact]
    public async Task An_event_that_no_rule_gives_is_found()
    {
        var past = PastStreams.Of(1);
        var last = past.Events[^1];
        past.Events.Add(last with { Sequence = last.Sequence + 1, Version = last.Version + 1 });
        var found = Assert.Single(await past.AuditAsync(), finding => finding.Verdict != Verdict.Same);
        Assert.Equal((Verdict.Different, last.Stream, last.Version + 1), (found.Verdict, found.Stream, found.Version));
        Assert.StartsWith("the rule gives no event at this place; it gives ", found.Detail);
    }

    [Fact]
    public async Task An_event_without_record_is_older_than_records_where_nothing_before_it_has_one()
    {
        var past = PastStreams.Of(1);
        var stream = past.Events.First(e => e.Version == 3).Stream;
        Change(past, e => e.Stream == stream && e.Version <= 2, e => e with { Decision = null });
        var all = await past.AuditAsync();
        Assert.Equal(
            [(1, Verdict.NotCheckable), (2, Verdict.NotCheckable)],
            all.Where(finding => finding.Verdict != Verdict.Same).Select(finding => ((int)finding.Version, finding.Verdict)));
        Assert.All(
            all.Where(finding => finding.Verdict == Verdict.NotCheckable),
            finding => Assert.Equal(WhyNotCheckable.OlderThanRecords, finding.Why));

        // Taken away from an event behind one that has a record, by whoever cannot make a record for what he changed.
        past = PastStreams.Of(1);
        Change(past, e => e.Stream == stream && e.Version == 2, e => e with { Decision = null });
        var found = (await past.AuditAsync()).First(finding => finding.Verdict != Verdict.Same);
        Assert.Equal((Verdict.Different, stream, 2), (found.Verdict, found.Stream, (int)found.Version));
        // And so where the audit begins with it.
        found = (await past.AuditAsync(which: e => e.Stream == stream && e.Version == 2)).Single();
        Assert.Equal(Verdict.Different, found.Verdict);
    }

    [Fact]
    public async Task A_rule_that_is_gone_is_said_to_be_gone_and_counts_as_no_pass()
    {
        var past = PastStreams.Of(1);
        var index = past.Events.FindIndex(e => RecordOf(e).Decider == "placing");
        var version = RecordOf(past.Events[index]).Rule;
        ChangeRecord(past, index, record => record with { Rule = 1 });
        var found = (await past.AuditAsync()).First(finding => finding.Verdict != Verdict.Same);
        Assert.Equal((Verdict.NotCheckable, WhyNotCheckable.RuleGone), (found.Verdict, found.Why));
        Assert.Equal($"rule 1 of placing is gone; there is {version}", found.Detail);

        ChangeRecord(past, index, record => record with { Decider = "guessing" });
        found = (await past.AuditAsync()).First(finding => finding.Verdict != Verdict.Same);
        Assert.Equal("rule 1 of guessing is gone: there is no decider of that name", found.Detail);
    }

    [Fact]
    public async Task What_was_decided_on_reports_that_are_refused_today_is_the_rule_of_before()
    {
        // Rule 2 of experimenting took counts that JSON holds no whole number for; rule 3 refuses them.
        var past = PastStreams.With<CloneReady>();
        var index = past.Events.FindIndex(e => e.WireName == Wire.NameOf(typeof(CloneReady)));
        ChangeRecord(past, index, record =>
        {
            record.Message.Body["bytesCopied"] = Wire.MostWhole + 1;
            return record with { Rule = 2 };
        });
        var found = (await past.AuditAsync()).Single(finding => finding.Sequence == past.Events[index].Sequence);
        Assert.Equal((Verdict.NotCheckable, WhyNotCheckable.RuleGone), (found.Verdict, found.Why));
        ChangeRecord(past, index, record => record with { Rule = 3 });
        found = (await past.AuditAsync()).Single(finding => finding.Sequence == past.Events[index].Sequence);
        Assert.StartsWith("the rule decides nothing: Refused, bytesCopied", found.Detail);
    }

    [Fact]
    public async Task A_rule_of_another_time_is_run_where_the_program_has_it_beside_todays()
    {
        var past = PastStreams.Of(1);
        var index = past.Events.FindIndex(e => e.Stream.StartsWith("datacenter-", StringComparison.Ordinal));
        var today = Deciders.All.Single(decider => decider.Name == RecordOf(past.Events[index]).Decider);
        for (var i = 0; i < past.Events.Count; i++)
        {
            if (RecordOf(past.Events[i]).Decider == today.Name)
                ChangeRecord(past, i, record => record with { Rule = 100 });
        }

        Assert.Contains(await past.AuditAsync(), finding => finding.Why == WhyNotCheckable.RuleGone);
        var both = new Rules([
            .. Deciders.All,
            .. Deciders.MessagesOf(today).Select(
                type => (IDecider)Activator.CreateInstance(typeof(Numbered<>).MakeGenericType(type), today, 100)!),
        ]);
        Assert.All(await past.AuditAsync(both), finding => Assert.True(finding.Verdict == Verdict.Same, Told(finding)));
    }

    [Fact]
    public async Task States_that_are_folded_otherwise_now_and_messages_of_old_are_said_to_be_gone()
    {
        var past = PastStreams.Of(1);
        ChangeRecord(past, 0, record => record with { Folds = new Dictionary<string, int>(record.Folds!) { ["PolicyState"] = 9 } });
        Assert.Equal(
            (WhyNotCheckable.RuleGone, "fold 9 of PolicyState is gone; there is 1"), Why((await past.AuditAsync())[0]));
        ChangeRecord(past, 0, record => record with { Folds = null, Message = record.Message with { Type = "justrunit.nothing.v1" } });
        Assert.Equal((WhyNotCheckable.MessageGone, "this program reads no justrunit.nothing.v1"), Why((await past.AuditAsync())[0]));
        ChangeRecord(past, 0, record => record with { Message = record.Message with { Type = "justrunit.vm-cloned.v1" } });
        Assert.Equal(WhyNotCheckable.Unreadable, (await past.AuditAsync())[0].Why);
        past.Events[0] = past.Events[0] with { Decision = """{"decider":"sla"}""" };
        Assert.Equal(WhyNotCheckable.Unreadable, (await past.AuditAsync())[0].Why);

        static (WhyNotCheckable?, string) Why(Finding finding) => (finding.Why, finding.Detail);
    }

    [Fact]
    public async Task An_event_that_this_program_does_not_know_makes_unreadable_what_rests_on_it()
    {
        var past = PastStreams.Of(1);
        var index = past.Events.FindIndex(e => e.Version == 1 && e.Stream.StartsWith("datacenter-", StringComparison.Ordinal));
        past.Events[index] = past.Events[index] with { WireName = "justrunit.of-tomorrow.v1" };
        var all = await past.AuditAsync();
        Assert.Equal(Verdict.Different, all[index].Verdict);
        var next = all.First(finding => finding.Stream == past.Events[index].Stream && finding.Version == 2);
        Assert.Equal((Verdict.NotCheckable, WhyNotCheckable.Unreadable), (next.Verdict, next.Why));
        Assert.Contains("justrunit.of-tomorrow.v1", next.Detail);
    }

    [Fact]
    public async Task Defaults_that_no_stream_holds_stand_in_the_record()
    {
        var past = Deferred(hasDefaults: true);
        var rules = new Rules([new Retrying()]);
        Assert.Equal(Verdict.Same, Assert.Single(await past.AuditAsync(rules)).Verdict);
        // A program that did not record them.
        var found = Assert.Single(await Deferred(hasDefaults: false).AuditAsync(rules));
        Assert.Equal((Verdict.NotCheckable, WhyNotCheckable.DefaultsGone), (found.Verdict, found.Why));
    }

    /// <summary>One decision that rests on other defaults than this program's, which its record holds or not.</summary>
    private static PastStreams Deferred(bool hasDefaults)
    {
        var past = new PastStreams();
        var first = Policy.Default with { Placing = new PlacingPolicy { RetryAfter = TimeSpan.FromSeconds(77) } };
        var record = new DecisionRecord(
            "retrying",
            1,
            Sample.Noon,
            new RecordedMessage(
                "justrunit.matrix-filled.v1",
                Guid.Parse("2ed6657d-e927-568b-95e1-2665a8aea6a2"),
                Guid.Empty,
                JsonSerializer.SerializeToNode(new MatrixFilled(Guid.Empty, "shop", "dc", "application", 1, 0, 0), Wire.Json)!),
            new Dictionary<string, long> { [Streams.DataCenter("dc")] = 0, [Streams.Policy("dc")] = 0 },
            [],
            RecordedPolicy.Of(first));
        past.Append(
            Decision.On(Streams.DataCenter("dc"), new PlacementDeferred("dc", Guid.Empty, Sample.Noon.AddSeconds(77))), record);
        if (!hasDefaults)
            ChangeRecord(past, 0, recorded => recorded with { Policy = recorded.Policy! with { Body = null } });
        return past;
    }

    [Fact]
    public async Task A_rule_that_reads_what_was_not_read_then_is_found()
    {
        var past = PastStreams.Of(1);
        var index = past.Events.FindIndex(e => RecordOf(e).Streams.Count > 2);
        var unread = RecordOf(past.Events[index]).Streams.Keys.First(stream => stream != past.Events[index].Stream);
        ChangeRecord(past, index, record => record with
        {
            Streams = record.Streams.Where(entry => entry.Key != unread).ToDictionary(),
        });
        var found = (await past.AuditAsync()).First(finding => finding.Verdict != Verdict.Same);
        Assert.Equal(
            (Verdict.Different, $"the rule reads {unread}, which the recorded decision did not"), (found.Verdict, found.Detail));
    }

    [Theory]
    [InlineData(40)]
    [InlineData(200)]
    public async Task An_audit_that_begins_in_the_middle_reads_what_lies_before(int skipped)
    {
        var past = Past.Value[1];
        var findings = await past.AuditAsync(which: e => e.Sequence > skipped);
        Assert.All(findings, finding => Assert.True(finding.Verdict == Verdict.Same, Told(finding)));
    }

    [Fact]
    public async Task An_audit_of_one_stream_looks_at_all_streams_of_its_decisions()
    {
        var past = PastStreams.Of(1);
        var stream = past.Events.First(e => e.Stream.StartsWith("matrix-", StringComparison.Ordinal)).Stream;
        var findings = await past.AuditAsync(which: e => e.Stream == stream);
        Assert.All(findings, finding => Assert.True(finding.Verdict == Verdict.Same, Told(finding)));
        Assert.Contains(findings, finding => finding.Stream != stream);
        // What lies elsewhere is found too.
        var elsewhere = findings.First(finding => finding.Stream != stream);
        Change(past, e => e.Sequence == past.Events.Single(
            other => (other.Stream, other.Version) == (elsewhere.Stream, elsewhere.Version)).Sequence, e => e with { Body = "{}" });
        Assert.Contains(await past.AuditAsync(which: e => e.Stream == stream), finding =>
            finding.Verdict == Verdict.Different && (finding.Stream, finding.Version) == (elsewhere.Stream, elsewhere.Version));
    }

    [Fact]
    public async Task An_audit_in_the_order_of_the_store_reads_hardly_anything_twice()
    {
        var past = PastStreams.Of(1, messages: 2_000);
        await past.AuditAsync();
        Assert.True(past.Read < past.Events.Count / 2, $"{past.Read} of {past.Events.Count} were read again");
    }

    private static string Told(Finding finding) =>
        $"{finding.Sequence} {finding.Stream} {finding.Version} {finding.WireName}: {finding.Verdict} {finding.Why} {finding.Detail}\n"
        + $"{finding.Recorded}\n{finding.Decided}";

    private static DecisionRecord RecordOf(PastEvent e) => JsonSerializer.Deserialize<DecisionRecord>(e.Decision!, Wire.Json)!;

    private static void Change(PastStreams past, Func<PastEvent, bool> which, Func<PastEvent, PastEvent> change)
    {
        for (var i = 0; i < past.Events.Count; i++)
        {
            if (which(past.Events[i]))
                past.Events[i] = change(past.Events[i]);
        }
    }

    /// <summary>Changes the record of an event, and of all others of its decision.</summary>
    private static void ChangeRecord(PastStreams past, int index, Func<DecisionRecord, DecisionRecord> change)
    {
        var before = past.Events[index].Decision;
        var after = JsonSerializer.Serialize(change(RecordOf(past.Events[index])), Wire.Json);
        Change(past, e => e.Decision == before, e => e with { Decision = after });
    }

    /// <summary>Defers by the policy.</summary>
    private sealed class Retrying : IDecider<MatrixFilled>
    {
        public string Name => "retrying";

        public int Version => 1;

        public Decision Decide(IReading reading, MatrixFilled message, Cause cause)
        {
            var stream = Streams.DataCenter(message.DataCenter);
            reading.State<PlacementState>(stream);
            var policy = reading.State<PolicyState>(Streams.Policy(message.DataCenter)).Current.Placing;
            return Decision.On(stream, new PlacementDeferred(message.DataCenter, message.MatrixId, cause.At + policy.RetryAfter));
        }
    }

    /// <summary>Reads the policy, and then fails.</summary>
    private sealed class Failing(Exception failure) : IDecider<MatrixFilled>
    {
        public string Name => "retrying";

        public int Version => 1;

        public Decision Decide(IReading reading, MatrixFilled message, Cause cause)
        {
            reading.State<PolicyState>(Streams.Policy(message.DataCenter));
            throw failure;
        }
    }

    /// <summary>Reads the policy, and then what no record of its decisions names.</summary>
    private sealed class Straying : IDecider<MatrixFilled>
    {
        public string Name => "retrying";

        public int Version => 1;

        public Decision Decide(IReading reading, MatrixFilled message, Cause cause)
        {
            reading.State<PolicyState>(Streams.Policy(message.DataCenter));
            reading.State<ServiceState>(Streams.Service(message.Service));
            return Decision.Nothing(WhyNothing.Unchanged, "it strays");
        }
    }

    private sealed class Numbered<TMessage>(IDecider<TMessage> rule, int version) : IDecider<TMessage>
        where TMessage : class
    {
        public string Name => rule.Name;

        public int Version => version;

        public Decision Decide(IReading reading, TMessage message, Cause cause) => rule.Decide(reading, message, cause);
    }
}
