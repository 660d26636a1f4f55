using JustRunIt.Events.Explorations;
using JustRunIt.Events.Proxies;
using JustRunIt.ProxyNode.Measuring;
using JustRunIt.ProxyNode.Replaying.Exchanges;
using JustRunIt.ProxyNode.Replaying.GivingUp;

namespace JustRunIt.ProxyNode.Replaying;

/// <summary>One experiment on a running replay (DESIGN §4): settle, warm up, measure the same arrivals on both sides.</summary>
internal sealed class ReplayExperiment(Replay replay, ExperimentDurations durations, TimeProvider clock)
{
    /// <summary>An experiment with more of the clone's requests unanswered by the record is no result.</summary>
    private const double LargestMissingFraction = 0.05;

    /// <summary>An experiment in which the clone fails so many more requests than the original is no result.</summary>
    private const double LargestExtraErrorFraction = 0.05;

    /// <summary>An experiment in which more of the duplicates never reached the clone measured another load.</summary>
    private const double LargestGivenUpFraction = 0.05;

    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(20);

    /// <summary>Runs it.</summary>
    /// <param name="isFirst">The replay has just started: there is no backlog to settle.</param>
    /// <param name="cancellation">Ends it early.</param>
    public async Task<ReplayResult> RunAsync(bool isFirst, CancellationToken cancellation)
    {
        if (!isFirst)
            await SettleAsync(cancellation).ConfigureAwait(false);
        var warmFrom = Math.Max(clock.GetTimestamp(), replay.DueAt(replay.StartedAt));
        var from = warmFrom + replay.Ticks(durations.WarmUp);
        var to = from + replay.Ticks(durations.Measure);
        var shift = replay.Ticks(replay.TimeShift);
        replay.Kept.Keep(from - shift, to - shift);
        try
        {
            await WaitUntilAsync(from, cancellation).ConfigureAwait(false);
            var matchesBefore = replay.Matches.Read();
            await WaitUntilAsync(to, cancellation).ConfigureAwait(false);
            var exchanges = replay.Kept.Read(out var refused);
            while (!exchanges.All(exchange => exchange.IsComplete) && clock.GetTimestamp() < to + shift)
                await Task.Delay(Look, clock, cancellation).ConfigureAwait(false);
            return Summarize(exchanges, refused, from - shift, to - shift, Since(matchesBefore));
        }
        finally
        {
            replay.Kept.Forget();
        }
    }

    /// <summary>The clone works off what it got at its former allocation; what it cannot in time is dropped.</summary>
    private async Task SettleAsync(CancellationToken cancellation)
    {
        var end = clock.GetTimestamp() + replay.Ticks(durations.SettleLimit);
        while (!replay.HasCaughtUp())
        {
            if (clock.GetTimestamp() >= end)
            {
                replay.Drop(clock.GetTimestamp());
                return;
            }

            await Task.Delay(Look, clock, cancellation).ConfigureAwait(false);
        }
    }

    private ReplayResult Summarize(
        IReadOnlyList<Exchange> all, IReadOnlyDictionary<GiveUpReason, long> refused, long from, long to, MatchCounts matches)
    {
        var now = clock.GetTimestamp();
        var unsent = refused.Concat(all.Where(exchange => exchange.IsShed).CountBy(exchange => exchange.WhyShed)
            .Select(one => KeyValuePair.Create(one.Key, (long)one.Value))).ToList();
        var shed = unsent.Where(one => one.Key == GiveUpReason.Memory).Sum(one => one.Value);
        var exchanges = all.Where(exchange => !exchange.IsShed).ToList();
        var givenUp = unsent.Concat(exchanges.Where(exchange => exchange.Sandbox.GivenUp is not null)
            .CountBy(exchange => exchange.Sandbox.GivenUp!.Value)
            .Select(one => KeyValuePair.Create(one.Key, (long)one.Value)))
            .Where(one => one.Key != GiveUpReason.Memory)
            .GroupBy(one => GivenUp.NameOf(one.Key))
            .ToDictionary(reason => reason.Key, reason => reason.Sum(one => one.Value));
        var online = Side.Summarize(
            [.. exchanges.Select(exchange => Elapsed(exchange.Arrival, exchange.Online, now))],
            exchanges.Count(exchange => exchange.Online.IsError),
            durations.Measure);
        var sandbox = Side.Summarize(
            [.. exchanges.Select(exchange => Elapsed(exchange.Due, exchange.Sandbox, now))],
            exchanges.Count(exchange => exchange.Sandbox.IsError),
            durations.Measure);
        var failure = NotRepeated(givenUp, unsent.Sum(one => one.Value) - shed, exchanges.Count)
            ?? Failure(exchanges, online, sandbox, matches, shed);
        return new ReplayResult(Utc(from), Utc(to), online, sandbox, matches, shed, failure) { GivenUp = givenUp };
    }

    /// <summary>Why a clone that did not get the original's load says nothing of it; null where it got it.</summary>
    private string? NotRepeated(Dictionary<string, long> givenUp, long unsent, int others)
    {
        if (unsent <= LargestGivenUpFraction * (unsent + others))
            return null;
        var reasons = string.Join(", ", givenUp.OrderByDescending(reason => reason.Value).Select(reason => $"{reason.Value} {reason.Key}"));
        var why = replay.LastFailure is { } said ? $" ({said})" : "";
        return $"{unsent} of {unsent + others} duplicates were given up: {reasons}{why}";
    }

    /// <summary>
    /// Why this is no result. A clone that is merely behind is a result, its response times at least what was waited for;
    /// one that refuses, breaks off, fails or never answers is none.
    /// </summary>
    private static string? Failure(
        List<Exchange> exchanges, SideMeasured? online, SideMeasured? sandbox, MatchCounts matches, long shed)
    {
        if (shed > 0)
            return $"{shed} duplicates were shed because memory was short";
        if (online is null || sandbox is null)
            return "no request arrived while measuring";
        if (exchanges.TrueForAll(exchange => exchange.Sandbox.EndedAt == 0))
            return $"the clone answered none of {sandbox.Requests} duplicates";
        var failed = exchanges.Count(exchange => exchange.Sandbox is { EndedAt: not 0, IsError: true });
        if (failed - online.Errors > LargestExtraErrorFraction * sandbox.Requests)
            return $"{failed} of {sandbox.Requests} duplicates failed at the clone, {online.Errors} on-line";
        var asked = matches.Exact + matches.Wildcard + matches.Nearest + matches.Missing;
        return matches.Missing > LargestMissingFraction * asked
            ? $"{matches.Missing} of {asked} requests of the clone had no recorded reply"
            : null;
    }

    /// <summary>What was not answered took at least until now.</summary>
    private TimeSpan Elapsed(long from, Answer answer, long now) =>
        clock.GetElapsedTime(from, answer.EndedAt == 0 ? now : answer.EndedAt);

    private MatchCounts Since(MatchCounts before)
    {
        var now = replay.Matches.Read();
        return new MatchCounts(
            now.Exact - before.Exact,
            now.Wildcard - before.Wildcard,
            now.Nearest - before.Nearest,
            now.Missing - before.Missing,
            now.ExactByLearntValues - before.ExactByLearntValues);
    }

    private DateTimeOffset Utc(long timestamp) => clock.GetUtcNow() - clock.GetElapsedTime(timestamp, clock.GetTimestamp());

    private async Task WaitUntilAsync(long timestamp, CancellationToken cancellation)
    {
        var left = clock.GetElapsedTime(clock.GetTimestamp(), timestamp);
        if (left > TimeSpan.Zero)
            await Task.Delay(left, clock, cancellation).ConfigureAwait(false);
    }
}
