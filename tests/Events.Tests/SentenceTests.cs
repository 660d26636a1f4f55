using System.Globalization;
using System.Text.Json;
using JustRunIt.Events.Auditing;
using JustRunIt.Events.DataCenters;
using JustRunIt.Events.Matrices;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Placement;
using JustRunIt.Events.Sla;
using JustRunIt.Events.Telling;
using JustRunIt.Events.Timers;
using JustRunIt.Events.Upcasting;

namespace JustRunIt.Events.Tests;

/// <summary>A stream's history in words: a sentence for every event, a picture of every state, and streams as people name them.</summary>
public sealed class SentenceTests
{
    public static TheoryData<string> Events =>
        [.. Wire.Types.Where(type => type.IsAssignableTo(typeof(IDomainEvent))).Select(Wire.NameOf).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Events))]
    public void Every_event_is_told_in_one_sentence(string wireName)
    {
        var type = Wire.TypeOf(wireName)!;
        var sentence = Sentences.Of((IDomainEvent)ContractTests.ExampleOf(type));
        Assert.DoesNotContain('\n', sentence);
        Assert.InRange(sentence.Length, 12, 2_000);
        Assert.False(sentence.EndsWith('.'), sentence);
        // In words, not in the names of classes.
        Assert.DoesNotContain(type.Name, sentence);
        Assert.DoesNotContain("System.", sentence);
        Assert.DoesNotContain("JustRunIt.", sentence);
    }

    [Fact]
    public void What_an_event_says_stands_in_its_sentence()
    {
        Assert.Equal(
            "the agreement of shop is broken: 231.4 ms where meanMs ≤ 100 ms is agreed, over 50 requests until 2026-01-01T12:01:00Z, "
            + "3 windows in a row, by the word of the monitor probe",
            Sentences.Of(new SlaViolated(
                "shop",
                new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero),
                new(2026, 1, 1, 12, 1, 0, TimeSpan.Zero),
                new("meanMs", 100),
                231.4,
                50,
                3,
                "probe",
                true,
                new(2026, 1, 1, 11, 59, 0, TimeSpan.Zero))));
        Assert.Equal(
            "step 2: shop-app runs on app-2; the move took 1.5 s",
            Sentences.Of(new MigrationCompleted(Guid.Empty, 1, "shop-app", "app-2", TimeSpan.FromSeconds(1.5))));
    }

    [Fact]
    public void Every_stream_of_the_whole_loop_has_a_state_that_can_be_shown_after_each_event()
    {
        var past = PastStreams.Of(1);
        var kinds = new HashSet<StreamKind>();
        foreach (var stream in past.Events.GroupBy(e => e.Stream))
        {
            kinds.Add(StreamKind.Of(stream.Key)!);
            var state = StreamState.Of(stream.Key)!;
            foreach (var e in stream)
            {
                state.Evolve(e.Read());
                Assert.NotEmpty(state.Lines());
                Assert.Equal(JsonValueKind.Object, state.Json().GetValueKind());
            }
        }

        Assert.Equal(StreamKind.All.Order(Comparer<StreamKind>.Create((a, b) => string.CompareOrdinal(a.Word, b.Word))), kinds.OrderBy(
            kind => kind.Word, StringComparer.Ordinal));
        Assert.Null(StreamState.Of("nothing-at-all"));
    }

    [Fact]
    public void A_matrix_is_a_grid_with_its_values_and_flags()
    {
        var past = PastStreams.With<CellInterpolated>();
        var stream = past.Events.First(e => e.WireName == Wire.NameOf(typeof(CellInterpolated))).Stream;
        var state = StreamState.Of(stream)!;
        foreach (var e in past.Events.Where(e => e.Stream == stream))
            state.Evolve(e.Read());
        var lines = state.Lines();
        var opened = (MatrixOpened)past.Events.First(e => e.Stream == stream).Read();
        Assert.StartsWith($"{opened.Service}/{opened.Tier}, {opened.Agreement}: ", lines[0]);
        Assert.Equal(2 + opened.Dimensions.SkipLast(1).Aggregate(1, (rows, dimension) => rows * dimension.Points), lines.Count);
        Assert.Contains("~", string.Concat(lines.Skip(1)));
        Assert.Contains(" ms", string.Concat(lines.Skip(1)));
    }

    [Fact]
    public void A_data_centre_is_who_runs_where_with_what()
    {
        var past = PastStreams.Of(1, messages: 60);
        var state = StreamState.Of(Streams.DataCenter(Sample.DataCenter))!;
        foreach (var e in past.Events.Where(e => e.Stream == Streams.DataCenter(Sample.DataCenter)))
            state.Evolve(e.Read());
        Assert.Contains(state.Lines(), line => line.StartsWith("app-1 (production of ", StringComparison.Ordinal));
        Assert.Contains(state.Lines(), line => line.StartsWith("  shop-app of shop/application with cpu ", StringComparison.Ordinal));
    }

    [Fact]
    public void A_placement_that_is_being_carried_out_stands_in_the_picture()
    {
        var past = PastStreams.With<AllocationStarted>();
        var state = StreamState.Of(Streams.DataCenter(Sample.DataCenter))!;
        var isShown = false;
        foreach (var e in past.Events.Where(e => e.Stream == Streams.DataCenter(Sample.DataCenter)))
        {
            state.Evolve(e.Read());
            isShown |= state.Lines().Any(line => line.StartsWith("a placement for ", StringComparison.Ordinal));
        }

        Assert.True(isShown);
    }

    [Theory]
    [InlineData("matrix shop", "matrix", "shop", null, null)]
    [InlineData("matrix shop/application", "matrix", "shop", "application", null)]
    [InlineData("matrix shop/application@2026-11-28", "matrix", "shop", "application", "2026-11-28")]
    [InlineData("matrix shop@2026-11-28T12:00", "matrix", "shop", null, "2026-11-28T12:00")]
    [InlineData("data-center dc", "data-center", "dc", null, null)]
    [InlineData("datacenter dc", "data-center", "dc", null, null)]
    [InlineData("service  shop", "service", "shop", null, null)]
    [InlineData("sandbox dc/app-1", "sandbox", "dc/app-1", null, null)]
    [InlineData("service-shop", null, "service-shop", null, null)]
    [InlineData("4ff47dc7", null, "4ff47dc7", null, null)]
    public void A_stream_is_named_as_people_name_it(string text, string? kind, string name, string? tier, string? opened) =>
        Assert.Equal((kind, name, tier, opened), StreamQuery.Parse(text) is { } query
            ? (query.Kind?.Word, query.Name, query.Tier, query.Opened)
            : default);

    [Theory]
    [InlineData("")]
    [InlineData("matrix")]
    [InlineData("matrix @2026")]
    [InlineData("shop application")]
    public void What_names_no_stream_is_not_understood(string text) => Assert.Null(StreamQuery.Parse(text));

    [Fact]
    public void Words_of_a_command_line_that_belong_together_are_put_together() => Assert.Equal(
        ["matrix shop/application@2026", "service-shop", "data-center dc", "policy"],
        StreamQuery.Join(["matrix", "shop/application@2026", "service-shop", "data-center", "dc", "policy"]));

    [Fact]
    public void A_matrix_is_meant_by_tier_and_the_beginning_of_its_time_or_of_its_id()
    {
        var at = new DateTimeOffset(2026, 11, 28, 13, 0, 5, TimeSpan.FromHours(1));
        Assert.True(StreamQuery.Parse("matrix shop/application@2026-11-28T12:00")!.IsMatrix("application", at));
        Assert.True(StreamQuery.Parse("matrix shop")!.IsMatrix("database", at));
        Assert.False(StreamQuery.Parse("matrix shop/database@2026-11-28")!.IsMatrix("application", at));
        Assert.False(StreamQuery.Parse("matrix shop@2026-11-29")!.IsMatrix("application", at));
        Assert.Equal("4ff47dc7bcca", StreamQuery.Parse("4FF47dc7-bcca")!.MatrixId);
        Assert.Equal("4ff47dc7", StreamQuery.Parse("matrix 4ff47dc7")!.MatrixId);
        Assert.Null(StreamQuery.Parse("shop")!.MatrixId);
        Assert.Null(StreamQuery.Parse("service 4ff47dc7")!.MatrixId);
    }

    [Fact]
    public void Every_name_of_a_stream_has_its_kind_and_is_told_by_it()
    {
        Assert.Equal("matrix 00000000000000000000000000000000", StreamKind.Describe(Streams.Matrix(Guid.Empty)));
        Assert.Equal("service shop", StreamKind.Describe(Streams.Service("shop")));
        Assert.Equal("explorations shop", StreamKind.Describe(Streams.Explorations("shop")));
        Assert.Equal("sandbox dc-app-1", StreamKind.Describe(Streams.Sandbox("dc", "app-1")));
        Assert.Equal("data-center dc", StreamKind.Describe(Streams.DataCenter("dc")));
        Assert.Equal("policy dc", StreamKind.Describe(Streams.Policy("dc")));
    }

    [Fact]
    public void The_nearest_names_are_those_that_somebody_may_have_meant()
    {
        Assert.Equal(["shop"], NearestNames.To("shpo", ["bank", "shop", "calculator"]));
        Assert.Equal(["shop-1", "shop-2", "shop"], NearestNames.To("shop-11", ["shop", "shop-2", "shop-1", "bank"]));
        Assert.Empty(NearestNames.To("xyz", ["calculator"]));
    }

    [Fact]
    public void The_cause_of_an_event_is_told_and_leads_back_to_the_event_that_asked()
    {
        var past = PastStreams.With<AllocationApplied>();
        var asked = 0;
        foreach (var e in past.Events)
        {
            var cause = CausingMessage.Of(e)!;
            Assert.False(cause.Told.StartsWith("justrunit", StringComparison.Ordinal), cause.Told);
            if (cause.IsEvent || cause.AnsweredStream is not { } stream)
                continue;
            var before = past.Events
                .Where(other => other.Stream == stream && other.Sequence < e.Sequence).Where(cause.FollowsFrom).ToList();
            asked += before.Count > 0 ? 1 : 0;
            // A number may be asked with twice, for the allocation and for the replay of an experiment: the last before it is meant.
            var asking = e.WireName switch
            {
                "justrunit.clone-ready.v1" => "justrunit.clone-requested.v2",
                "justrunit.sandbox-allocated.v2" => "justrunit.experiment-started.v2",
                "justrunit.experiment-completed.v2" => "justrunit.sandbox-allocated.v2",
                "justrunit.allocation-applied.v2" => "justrunit.allocation-started.v2",
                _ => null,
            };
            if (asking is not null)
                Assert.Equal(asking, before.LastOrDefault()?.WireName);
        }

        Assert.True(asked > 20, $"{asked} answers and timers");
        Assert.Null(CausingMessage.Of(past.Events[0] with { Decision = null }));
        Assert.Null(CausingMessage.Of(past.Events[0] with { Decision = "{}" }));
    }

    [Fact]
    public void A_timer_leads_back_to_the_event_on_the_stream_that_waited()
    {
        var past = PastStreams.With<CloneFailed>();
        var found = 0;
        foreach (var e in past.Events)
        {
            var cause = CausingMessage.Of(e)!;
            if (cause.WireName != Wire.NameOf(typeof(TimerElapsed)))
                continue;
            var timer = cause.Body.Deserialize<TimerElapsed>(Wire.Json)!;
            Assert.Equal(timer.Stream, cause.AnsweredStream);
            Assert.Contains(past.Events, other =>
                other.Stream == timer.Stream && other.Sequence < e.Sequence && cause.FollowsFrom(other));
            found++;
        }

        Assert.True(found > 0);
    }

    public static TheoryData<string> Foreign => ["null", "[]", "7", "{}", "\"x\"", "nothing", "{\"matrixId\":[]}", "{\"at\":\"soon\"}"];

    [Theory]
    [MemberData(nameof(Foreign))]
    public void Whatever_a_body_is_an_event_is_read_or_said_to_be_unreadable(string body)
    {
        var some = PastStreams.Of(1, messages: 60).Events;
        var timer = CausingMessage.Of(some[0])! with
        {
            WireName = Wire.NameOf(typeof(TimerElapsed)),
            Body = JsonSerializer.SerializeToNode(
                new TimerElapsed("matrix-1", TimerKind.CloneOverdue, Guid.Empty, Sample.Noon), Wire.Json)!,
        };
        var names = Wire.Types.Where(type => type.IsAssignableTo(typeof(IDomainEvent))).Select(Wire.NameOf);
        foreach (var name in StoredEvents.OldNames.Concat(names))
        {
            var e = some[0] with { WireName = name, Body = body };
            Assert.False(timer.FollowsFrom(e));
            Assert.Null(CausingMessage.Of(e with { Decision = body }));
            try
            {
                var read = e.Read();
                Assert.NotNull(read);
                Assert.NotEmpty(Sentences.Of(read));
                StreamState.Of(e.Stream)!.Evolve(read);
            }
            catch (Exception x)
            {
                Assert.True(Unreadable.Is(x), $"{name}: {x}");
            }
        }
    }

    [Theory]
    [InlineData("12:00", "2026-01-31T12:00:00Z")]
    [InlineData("13:00:30", "2026-01-31T13:00:30Z")]
    [InlineData("13:00:31", "2026-01-30T13:00:31Z")]
    [InlineData("23:59", "2026-01-30T23:59:00Z")]
    [InlineData("2026-01-31T12:00:00Z", "2026-01-31T12:00:00Z")]
    [InlineData("2026-01-31T14:00:00+02:00", "2026-01-31T12:00:00Z")]
    [InlineData("2026-01-31T13:00:31Z", null)]
    [InlineData("2027-01-01", null)]
    [InlineData("soon", null)]
    public void A_time_is_one_of_the_past(string text, string? time) => Assert.Equal(
        time is null ? null : DateTimeOffset.Parse(time, CultureInfo.InvariantCulture),
        PastTime.Read(text, new DateTimeOffset(2026, 1, 31, 13, 0, 30, TimeSpan.Zero)));

    [Fact]
    public void A_tally_counts_by_verdict_and_reason_and_keeps_the_first()
    {
        var tally = new AuditTally();
        tally.Add(Of(Verdict.Same, 1));
        tally.Add(Of(Verdict.Different, 5));
        tally.Add(Of(Verdict.Different, 3));
        tally.Add(Of(Verdict.NotCheckable, 6) with { Why = WhyNotCheckable.RuleGone });
        tally.Add(Of(Verdict.NotCheckable, 7) with { Why = WhyNotCheckable.RuleGone });
        Assert.Equal((5, 1, 2, 2, 3), (tally.Events, tally.Same, tally.Different, tally.NotCheckable, tally.First!.Sequence));
        Assert.Equal((2, 6), (tally.Reasons[WhyNotCheckable.RuleGone].Count, tally.Reasons[WhyNotCheckable.RuleGone].First.Sequence));
        Assert.Throws<ArgumentException>(() => tally.Add(Of(Verdict.NotCheckable, 8)));
        // Where nothing could be decided again, nothing differs, and that is no pass.
        Assert.False(tally.IsVain);
        var vain = new AuditTally();
        Assert.False(vain.IsVain);
        vain.Add(Of(Verdict.NotCheckable, 6) with { Why = WhyNotCheckable.RuleGone });
        Assert.True(vain.IsVain);
        vain.Add(Of(Verdict.Same, 7));
        Assert.False(vain.IsVain);

        static Finding Of(Verdict verdict, long sequence) => new(verdict, sequence, "s", 1, "t", "d", 1);
    }
}
